"""The archive of a portfolio: its page, its PDF, its data, then the files one by one."""

from collections.abc import Iterator, Sequence

from app.learning.packages.archive import open_archive
from app.learning.packages.schemas import FileMember, PageMember
from app.overview.portfolio.layout import JSON_NAME, PDF_NAME, first_page, render_portfolio
from app.overview.portfolio.rules import MOST_MEGABYTES
from app.overview.portfolio.schemas import Portfolio
from app.platform.documents.document_process import in_document_process
from app.platform.files.store import FileStore


def open_portfolio(shown: Portfolio, stored: Sequence[FileMember], files: FileStore) -> Iterator[bytes]:
    """Return the bytes of the archive in pieces.

    Raise ``Unavailable`` before the first one where a file is lost, ``PdfUnavailable`` where the engine's libraries are
    missing.
    """
    pages = (
        PageMember(name="index.html", content=first_page(shown, MOST_MEGABYTES)),
        PageMember(name=PDF_NAME, content=in_document_process(render_portfolio, shown)),
        PageMember(name=JSON_NAME, content=shown.model_dump_json(indent=2).encode()),
    )
    return open_archive(pages, stored, shown.made_at, files)
