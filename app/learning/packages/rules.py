"""Pure rules of packages: which documents fit, how the members are named, and what identifies the whole."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import TypeVar

from app.learning.documents.schemas import DocumentShown
from app.learning.hand_ins.rules import MEGABYTE
from app.learning.packages.schemas import FileMember, PageMember

Key = TypeVar("Key")
MOST_MEGABYTES = 20
"""Largest size of the documents of a package: more takes too long on a poor line."""
EARLIEST = date(1980, 1, 1)
"""The first day that a ZIP can write."""


def fitting(sizes: Mapping[Key, int], megabytes: int) -> frozenset[Key]:
    """Return the files that an archive of so many megabytes holds: in their order, each that fits in what is left."""
    left, kept = megabytes * MEGABYTE, set()
    for key, size in sizes.items():
        if size <= left:
            kept.add(key)
            left -= size
    return frozenset(kept)


def member_name(document: DocumentShown) -> str:
    """Return the name of a document's file in the archive, which no other has: ``documents/GEN-1.B-12-Carte.pdf``."""
    return f"documents/{document.activity_code}-{document.id}-{document.file_name}"


def dated(documents: Iterable[DocumentShown], joined_on: date | None) -> datetime:
    """Return the moment that dates the members: the last document's, else the start of the day of joining."""
    start = datetime.combine(joined_on or EARLIEST, time(), UTC)
    return max((document.shared_at for document in documents), default=start)


def entity_tag(pages: Sequence[PageMember], files: Sequence[FileMember], at: datetime) -> str:
    """Return the ETag of a package: that of another one as soon as a page, a document or the date differs."""
    whole = hashlib.sha256(at.isoformat().encode())
    for page in pages:
        whole.update(f"\n{page.name} {hashlib.sha256(page.content).hexdigest()}".encode())
    for file in files:
        whole.update(f"\n{file.name} {file.sha256}".encode())
    return f'"{whole.hexdigest()[:32]}"'
