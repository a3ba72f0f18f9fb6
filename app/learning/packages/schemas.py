"""What a package holds."""

from datetime import datetime

from app.platform.schema import Read


class PageMember(Read):
    """A page of a package, whole in memory: some kilobytes."""

    name: str
    content: bytes


class FileMember(Read):
    """A document of a package, by its digest: it is read when its turn comes."""

    name: str
    sha256: str


class Package(Read):
    """A ZIP to take away: the same pages and documents give the same bytes and the same ``etag``."""

    name: str
    etag: str
    at: datetime
    pages: tuple[PageMember, ...]
    files: tuple[FileMember, ...]
