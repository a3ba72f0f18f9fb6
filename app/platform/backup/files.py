"""The stored files of a deployment, copied to a backup and back; each is named by its content, which is verified."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.platform.backup.manifest import PIECE, OnBytes, measure
from app.platform.documents.blob_store import DIGEST_LENGTH, RESTRICTED, SERVED

_NAME = re.compile(rf"[0-9a-f]{{{DIGEST_LENGTH}}}(?:\.swept)?")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the store: where it is, its path in a backup, its size."""

    path: Path
    name: str
    bytes: int

    def places(self, root: Path) -> Iterator[tuple[Path, str]]:
        """Yield where the file is, then where it may have been moved to since it was listed, with their names."""
        yield self.path, self.name
        restricted = f"{RESTRICTED}/{self.name.partition('/')[2]}"
        yield root / restricted, restricted


def stored_files(root: Path) -> Iterator[Stored]:
    """Yield the files of the store, those left out that are still being written."""
    for folder in (SERVED, RESTRICTED):
        for path in sorted((root / folder).glob("*/*")):
            if _NAME.fullmatch(path.name):
                digest = path.name[:DIGEST_LENGTH]
                with suppress(FileNotFoundError):
                    yield Stored(path, f"{folder}/{digest[:2]}/{digest}", path.stat().st_size)


def keep_file(source: Path, target: Path, *, earlier: Path | None, on_bytes: OnBytes) -> int | None:
    """Copy a file, or link what an earlier backup has of it; return its size, ``None`` if it is gone or altered."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if earlier is not None:
        with suppress(OSError):  # not there, or a disk without links
            size, digest = measure(earlier, on_bytes)
            if digest == target.name:
                os.link(earlier, target)
                return size
    try:
        copy_file(source, target)
    except FileNotFoundError:
        return None
    size, digest = measure(target, on_bytes)
    if digest != target.name:
        target.unlink()
        return None
    return size


def copy_file(source: Path, target: Path) -> None:
    """Copy a file to a new one, readable by its owner only and written to the disk."""
    with source.open("rb") as content:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            while piece := content.read(PIECE):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())


def put_back(backup: Path, names: dict[str, int], root: Path, added: list[Path], on_bytes: OnBytes) -> None:
    """Copy the files of a backup into the store, those that it lacks; each is named once it is whole.

    The paths of new files are appended to ``added``, so that a failure can be undone.
    """
    for name, size in names.items():
        path = root / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = path.with_name(f"{path.name}.restoring")
            added.append(partial)
            partial.unlink(missing_ok=True)
            copy_file(backup / name, partial)
            added[-1] = path
            partial.replace(path)
        on_bytes(size)


def sync_folders(root: Path) -> None:
    """Write the names of the files of a folder, and of those below, to the disk."""
    for folder, _, _ in os.walk(root):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
