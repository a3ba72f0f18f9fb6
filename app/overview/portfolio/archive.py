"""The archive of a portfolio, written in pieces: its page, its PDF, its data, then the files one by one."""

from collections.abc import Iterator, Sequence

from app.overview.portfolio.layout import JSON_NAME, PDF_NAME, first_page, render_portfolio
from app.overview.portfolio.rules import MOST_MEGABYTES
from app.overview.portfolio.schemas import Portfolio, StoredFile
from app.platform.documents.document_process import in_document_process
from app.platform.documents.zip_archives import zip_stream
from app.platform.errors import Unavailable
from app.platform.files.store import FileStore


def open_archive(shown: Portfolio, stored: Sequence[StoredFile], files: FileStore) -> Iterator[bytes]:
    """Return the bytes of the archive in pieces, of which one file at a time is in memory.

    Raise ``Unavailable`` before the first one where a file is lost, ``PdfUnavailable`` where the engine's libraries are
    missing.
    """
    if not all(files.exists(file.sha256) for file in stored):
        raise Unavailable("file_unavailable")
    pages = [
        ("index.html", first_page(shown, MOST_MEGABYTES)),
        (PDF_NAME, in_document_process(render_portfolio, shown)),
        (JSON_NAME, shown.model_dump_json(indent=2).encode()),
    ]
    return zip_stream(_members(pages, stored, files), shown.made_at)


def _members(
    pages: Sequence[tuple[str, bytes]], stored: Sequence[StoredFile], files: FileStore
) -> Iterator[tuple[str, bytes]]:
    yield from pages
    for file in stored:
        yield file.name, files.load(file.sha256)
