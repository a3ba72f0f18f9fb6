"""The stored files of a deployment, copied to a backup and back; each is named by its content, which is verified."""

import os
from contextlib import suppress
from pathlib import Path

from app.platform.backup.manifest import OnBytes, measure
from app.platform.files.store import FileStore


def keep_file(files: FileStore, path: str, target: Path, *, earlier: Path | None, on_bytes: OnBytes) -> int | None:
    """Copy a file, or link what an earlier backup has of it; return its size, ``None`` if it is gone or altered."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if earlier is not None:
        with suppress(OSError):  # not there, or a disk without links
            size, digest = measure(earlier, on_bytes)
            if digest == target.name:
                os.link(earlier, target)
                return size
    try:
        files.copy_out(path, target)
    except FileNotFoundError:
        return None
    size, digest = measure(target, on_bytes)
    if digest != target.name:
        target.unlink()
        return None
    return size


def put_back(backup: Path, names: dict[str, int], files: FileStore, added: list[str], on_bytes: OnBytes) -> None:
    """Copy the files of a backup into the store, those that it lacks.

    The paths of new files are appended to ``added``, so that a failure can be undone.
    """
    held = {stored.path for stored in files.listed()}
    for path, size in names.items():
        if path not in held:
            added.append(path)
            files.put_back(path, backup / path)
        on_bytes(size)
    if added:
        files.sync()
