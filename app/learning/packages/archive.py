"""Archives of pages and of stored files, written in pieces: packages, and what later features let people take away."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from app.learning.packages.schemas import FileMember, PageMember
from app.platform.documents.zip_archives import zip_stream
from app.platform.errors import Unavailable
from app.platform.files.store import FileStore


def open_archive(
    pages: Sequence[PageMember], stored: Sequence[FileMember], at: datetime, files: FileStore
) -> Iterator[bytes]:
    """Return the bytes of a ZIP in pieces, of which one stored file at a time is in memory.

    Raise ``Unavailable`` before the first one where a file is lost.
    """
    if not all(files.exists(file.sha256) for file in stored):
        raise Unavailable("file_unavailable")
    return zip_stream(_members(pages, stored, files), at)


def _members(
    pages: Sequence[PageMember], stored: Sequence[FileMember], files: FileStore
) -> Iterator[tuple[str, bytes]]:
    for page in pages:
        yield page.name, page.content
    for file in stored:
        yield file.name, files.load(file.sha256)
