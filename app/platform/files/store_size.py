"""How much the file store holds, without walking all of it."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.platform.files.bucket import BucketStore
from app.platform.files.folder import FolderStore
from app.platform.files.store import RESTRICTED, SERVED, FileStore, Stored
from app.platform.schema import Read

MOST = 20_000
"""Files that are looked at: a tenth of a second."""
MOST_LISTED = 5_000
"""Files of each folder of a bucket that are listed: five requests, a second; an estimate is then within 3 %."""
PREFIXES = 256


class StoreSize(Read):
    """How many files there are and what they weigh; ``is_estimate`` where not all were looked at."""

    files: int
    bytes: int
    is_estimate: bool


def store_size(store: FileStore, *, most: int | None = None) -> StoreSize:
    """Return the size of a store; past ``most`` files an estimate. Raise as the store does when it is away."""
    if isinstance(store, FolderStore):
        return _folder_size(store.root, most or MOST)
    assert isinstance(store, BucketStore)  # noqa: S101 - there is no other
    parts = [_listed_size(listed, most or MOST_LISTED) for listed in store.listings()]
    return StoreSize(
        files=sum(part.files for part in parts),
        bytes=sum(part.bytes for part in parts),
        is_estimate=any(part.is_estimate for part in parts),
    )


def _listed_size(listed: Iterable[Stored], most: int) -> StoreSize:
    """Return the size of a folder of a bucket.

    The service lists in the order of the names, which are digests, each as likely as another: how far the last of
    ``most`` names is among all digests says which share of the files they are.
    """
    files = size = 0
    for stored in listed:
        files, size = files + 1, size + stored.bytes
        if files == most:
            share = (int(stored.path.rpartition("/")[2][:8], 16) + 1) / 16**8
            return StoreSize(files=round(files / share), bytes=round(size / share), is_estimate=True)
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
