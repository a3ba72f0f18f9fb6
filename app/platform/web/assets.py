"""Static files, from memory: under the version of them all they never change, and browsers keep them for a year.

``/static/<version>/escouade.css`` is what pages name; the version is a digest of every file, so that one file may name
another beside it. Under another version, or none, a file is the present one, and is asked for again each time.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

STATIC = Path(__file__).parents[2] / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".LICENSE": "text/plain; charset=utf-8",
}
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@dataclass(frozen=True)
class Asset:
    """A static file: its bytes, as they are and compressed where that is smaller."""

    content: bytes
    compressed: bytes
    media_type: str
    etag: str


@cache
def assets() -> Mapping[str, Asset]:
    """Return every static file, by name."""
    found = {}
    for path in sorted(STATIC.iterdir()):
        content = path.read_bytes()
        smaller = gzip.compress(content, mtime=0)
        found[path.name] = Asset(
            content,
            smaller if len(smaller) < len(content) * 0.9 else b"",
            TYPES[path.suffix],
            f'"{hashlib.sha256(content).hexdigest()[:20]}"',
        )
    return found


@cache
def version() -> str:
    """Return the version of the static files: a digest of them all."""
    names = "".join(f"{name} {asset.etag}\n" for name, asset in assets().items())
    return hashlib.sha256(names.encode()).hexdigest()[:12]


def asset_url(name: str) -> str:
    """Return the address of a static file, for templates; raise ``KeyError`` for a name that there is none of."""
    assert assets()[name]  # noqa: S101 - a page that names a missing file is a fault of ours
    return f"/static/{version()}/{name}"


def asset_response(name: str, headers: Headers, *, is_versioned: bool = False) -> Response:
    """Return a static file, or 304 when the client has it."""
    asset = assets()[name]
    is_compressed = bool(asset.compressed) and "gzip" in headers.get("accept-encoding", "")
    etag = f"W/{asset.etag}" if is_compressed else asset.etag
    sent = {"Cache-Control": FOREVER if is_versioned else ASK_AGAIN, "ETag": etag}
    if asset.compressed:
        sent["Vary"] = "Accept-Encoding"
    if is_known(headers, asset.etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=sent)
    if is_compressed:
        sent["Content-Encoding"] = "gzip"
    content = asset.compressed if is_compressed else asset.content
    return Response(content, media_type=asset.media_type, headers=sent)


def is_known(headers: Headers, etag: str) -> bool:
    """Return whether ``If-None-Match`` names an entity tag, compared weakly (RFC 9110, 13.1.2)."""
    named = {tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")}
    return bool({etag.removeprefix("W/"), "*"} & named)


async def serve_asset(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request below ``/static``: an ASGI application."""
    path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
    under, _, name = path.rpartition("/")
    if name not in assets() or "/" in under:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    if scope["method"] not in {"GET", "HEAD"}:
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
    response = asset_response(name, Headers(scope=scope), is_versioned=under == version())
    await response(scope, receive, send)
