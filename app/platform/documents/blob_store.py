"""A content-addressed file store: each file is named by the SHA-256 of its content, and written atomically."""

import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from app.platform.errors import StorageFull, is_storage_full

DIGEST_LENGTH = 64
"""Hexadecimal digits of a digest, which is the name of its file."""
SWEPT_SUFFIX = ".swept"
SERVED, RESTRICTED = "files", "restricted"
"""Folder of the files that are served, and folder of those kept for the record only."""


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal: the name of their file."""
    return hashlib.sha256(content).hexdigest()


def store(root: Path, content: bytes) -> str:
    """Store bytes under ``root`` and return their SHA-256. The write is atomic: a crash leaves no partial file.

    Raise ``StorageFull`` where there is no room; nothing is left of the file then.
    """
    name = digest(content)
    path = _path(root, name)
    try:
        os.utime(path)  # its age starts again: no sweep deletes it before the row that will refer to it is committed
    except FileNotFoundError:
        try:
            _write(path, content)
        except OSError as error:
            if is_storage_full(error):
                raise StorageFull from error
            raise
    return name


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def load(root: Path, name: str, folder: str = SERVED) -> bytes:
    """Return the bytes of a digest; raise ``FileNotFoundError`` when missing, ``ValueError`` when altered."""
    content = _path(root, name, folder).read_bytes()
    if digest(content) != name:
        raise ValueError(f"{name}: altered")
    return content


def restrict(root: Path, name: str) -> bool:
    """Move a file to the folder from which nothing is served; return whether it was still among the served files."""
    restricted = _path(root, name, RESTRICTED)
    restricted.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileNotFoundError):
        _path(root, name).replace(restricted)
        return True
    return False


def load_restricted(root: Path, name: str) -> bytes:
    """Return the bytes of a digest, restricted or still served; raise as :func:`load`."""
    try:
        return load(root, name, RESTRICTED)
    except FileNotFoundError:
        return load(root, name)


def exists(root: Path, name: str) -> bool:
    """Return whether the file of a digest is among the served files."""
    return _path(root, name).is_file()


def _path(root: Path, name: str, folder: str = SERVED) -> Path:
    return root / folder / name[:2] / name


# Unreferenced files ------------------------------------------------------------------------------


def files_before(root: Path, before: datetime) -> list[Path]:
    """Return the files last stored before a moment, partial ones included: the candidates of :func:`sweep`.

    List them first and the references afterwards: a file that is referenced in between is younger.
    """
    files = (path for path in sorted((root / SERVED).glob("*/*")) if path.is_file())
    return [path for path in files if _is_older(path, before)]


def sweep(candidates: Iterable[Path], referenced: Collection[str], before: datetime) -> int:
    """Delete the candidates whose digest is not referenced; return how many.

    Each is renamed, its age is checked again, and only then is it deleted: a file that was stored again in between
    is young and gets its name back, and one that is stored afterwards is written anew. A file that an interrupted
    sweep left renamed gets its name back too.
    """
    return sum(
        _delete(path, before)
        for path in candidates
        if path.name[:DIGEST_LENGTH] not in referenced or _restore_name(path)
    )


def _delete(path: Path, before: datetime) -> bool:
    renamed = path.with_suffix(SWEPT_SUFFIX)
    with suppress(FileNotFoundError):
        path.replace(renamed)
        if _is_older(renamed, before):
            renamed.unlink()
            return True
        renamed.replace(path)
    return False


def _restore_name(path: Path) -> bool:
    """Give a referenced file its name back; return ``False``: it is not to be deleted."""
    path.replace(path.with_suffix(""))
    return False


def _is_older(path: Path, moment: datetime) -> bool:
    return path.stat().st_mtime < moment.timestamp()


# ZIP archives ------------------------------------------------------------------------------------


class _WriteBuffer(io.RawIOBase):
    """A file object that is emptied as an archive is written to it: the archive is never whole in memory."""

    def __init__(self) -> None:
        self.pending = bytearray()

    def writable(self) -> bool:
        """Return ``True``; the buffer is not seekable."""
        return True

    def write(self, content: object) -> int:
        """Append bytes and return how many."""
        before = len(self.pending)
        self.pending += content  # type: ignore[arg-type]
        return len(self.pending) - before

    def drain(self) -> bytes:
        """Return the bytes written since the last call, and empty the buffer."""
        content = bytes(self.pending)
        self.pending.clear()
        return content


def zip_stream(members: Iterable[tuple[str, bytes]], at: datetime) -> Iterator[bytes]:
    """Yield a ZIP archive of ``(name, content)`` members in pieces; ``at`` dates each, so that bytes are reproducible.

    Members are deflated, though documents hardly shrink: a streaming reader cannot find the end of stored ones.
    """
    buffer = _WriteBuffer()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
            yield buffer.drain()
    yield buffer.drain()
