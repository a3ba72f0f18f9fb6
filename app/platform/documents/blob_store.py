"""Files kept by the SHA-256 of their content: the same bytes once, whole or not at all."""

import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

DIGITS = 64
"""Of a digest in hexadecimal, which is the name of its file."""
ASIDE = ".swept"
KEPT, RESTRICTED = "files", "restricted"
"""Folders of what is served, and of what is kept for the record alone."""


def digest(content: bytes) -> str:
    """The name under which bytes are kept: their SHA-256."""
    return hashlib.sha256(content).hexdigest()


def store(root: Path, content: bytes) -> str:
    """Keep bytes under ``root``; returns their SHA-256. A crash leaves no half file behind its name."""
    name = digest(content)
    path = _place(root, name)
    try:
        os.utime(path)  # young again: no sweep takes it before the row that will name it is there
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, unfinished = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    return name


def load(root: Path, name: str, where: str = KEPT) -> bytes:
    """The bytes of a digest; ``FileNotFoundError`` when they are not kept, ``ValueError`` when they were altered."""
    content = _place(root, name, where).read_bytes()
    if digest(content) != name:
        raise ValueError(f"{name}: altered")
    return content


def restrict(root: Path, name: str) -> bool:
    """Put bytes away where nothing is served from; whether they were still among the others."""
    aside = _place(root, name, RESTRICTED)
    aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileNotFoundError):
        _place(root, name).replace(aside)
        return True
    return False


def load_restricted(root: Path, name: str) -> bytes:
    """The bytes of a digest, put away or not yet; raises as :func:`load`."""
    try:
        return load(root, name, RESTRICTED)
    except FileNotFoundError:
        return load(root, name)


def is_kept(root: Path, name: str) -> bool:
    """Whether the bytes of a digest are there."""
    return _place(root, name).is_file()


def _place(root: Path, name: str, where: str = KEPT) -> Path:
    return root / where / name[:2] / name


# What nobody names any more ----------------------------------------------------------------------


def strays(root: Path, before: datetime) -> list[Path]:
    """Files last stored before a moment, half ones included: look at them first, at who names them afterwards."""
    found = (path for path in sorted((root / KEPT).glob("*/*")) if path.is_file())
    return [path for path in found if _is_older(path, before)]


def sweep(found: Iterable[Path], named: Collection[str], before: datetime) -> int:
    """Delete those of the strays that no digest names; returns how many.

    Each is put aside, looked at again and only then deleted: what was stored anew in between is young and comes
    back, and what is stored from then on is written again. What a sweep that died had put aside comes back too.
    """
    return sum(_delete(path, before) for path in found if path.name[:DIGITS] not in named or _bring_back(path))


def _delete(path: Path, before: datetime) -> bool:
    aside = path.with_suffix(ASIDE)
    with suppress(FileNotFoundError):
        path.replace(aside)
        if _is_older(aside, before):
            aside.unlink()
            return True
        aside.replace(path)
    return False


def _bring_back(path: Path) -> bool:
    """Give a file that is named its name again; never to be deleted."""
    path.replace(path.with_suffix(""))
    return False


def _is_older(path: Path, moment: datetime) -> bool:
    return path.stat().st_mtime < moment.timestamp()


# Many in one -------------------------------------------------------------------------------------


class _Outlet(io.RawIOBase):
    """Where an archive is written to, and taken from as it grows: it is never whole in memory."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def writable(self) -> bool:
        """It is, and cannot be rewound."""
        return True

    def write(self, content: object) -> int:
        """Hold bytes until they are taken."""
        before = len(self.waiting)
        self.waiting += content  # type: ignore[arg-type]
        return len(self.waiting) - before

    def take(self) -> bytes:
        """All that was written since."""
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken


def zipped(members: Iterable[tuple[str, bytes]], at: datetime) -> Iterator[bytes]:
    """Files by name as one ZIP, in pieces; ``at`` is when each says it was made, so that the bytes stay the same.

    Deflated, though documents hardly shrink: readers that take a stream as it comes know the end of no other.
    """
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
            yield outlet.take()
    yield outlet.take()
