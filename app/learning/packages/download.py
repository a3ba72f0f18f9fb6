"""The answer that a package is: 304 when the reader already holds it, else its bytes in pieces."""

from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from app.learning.packages.archive import open_archive
from app.learning.packages.schemas import Package
from app.platform.files.store import FileStore
from app.platform.web.assets import is_known
from app.platform.web.pages import attachment

ZIP = "application/zip"


def package_response(request: Request, package: Package, files: FileStore) -> Response:
    """Return a package as a download, or 304."""
    headers = {
        "ETag": package.etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language, Authorization, Cookie",
    }
    if is_known(request.headers, package.etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    pieces = open_archive(package.pages, package.files, package.at, files)
    return StreamingResponse(pieces, media_type=ZIP, headers=headers | attachment(package.name))
