"""How much the file store holds, without walking all of it."""

import os
from collections.abc import Iterator
from pathlib import Path

from app.platform.files.folder import FolderStore
from app.platform.files.store import RESTRICTED, SERVED, FileStore
from app.platform.schema import Read

MOST = 20_000
"""Files that are looked at: a tenth of a second."""
PREFIXES = 256


class StoreSize(Read):
    """How many files there are and what they weigh; ``is_estimate`` where not all were looked at."""

    files: int
    bytes: int
    is_estimate: bool


def store_size(store: FileStore, *, most: int = MOST) -> StoreSize:
    """Return the size of a store; of a bucket that has more, of the first ``most``."""
    return _folder_size(store.root, most) if isinstance(store, FolderStore) else _listed_size(store, most)


def _listed_size(store: FileStore, most: int) -> StoreSize:
    files = size = 0
    for stored in store.listed():
        if files == most:
            return StoreSize(files=files, bytes=size, is_estimate=True)
        files, size = files + 1, size + stored.bytes
    return StoreSize(files=files, bytes=size, is_estimate=False)


def _folder_size(root: Path, most: int) -> StoreSize:
    """Return the size of the store under ``root``.

    Files stand in folders by the first byte of their digest, each as likely as another: past ``most`` files, the
    folders that were looked at stand for the others.
    """
    files = size = 0
    for looked_at in range(1, PREFIXES + 1):
        for folder in (SERVED, RESTRICTED):
            for weight in _weights(root / folder / f"{looked_at - 1:02x}"):
                files, size = files + 1, size + weight
        if files > most and looked_at < PREFIXES:
            share = PREFIXES / looked_at
            return StoreSize(files=round(files * share), bytes=round(size * share), is_estimate=True)
    return StoreSize(files=files, bytes=size, is_estimate=False)


def _weights(folder: Path) -> Iterator[int]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.stat().st_size
    except FileNotFoundError:  # no such folder yet, or a file that was deleted meanwhile
        return
