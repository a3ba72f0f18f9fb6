"""What a store of files does, wherever it keeps them: each is named by the SHA-256 of its content."""

import hashlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

DIGEST_LENGTH = 64
"""Hexadecimal digits of a digest, which is the name of its file."""
SERVED, RESTRICTED = "files", "restricted"
"""Folder of the files that are served, and folder of those kept for the record only."""
log = logging.getLogger("escouade.files")


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal: the name of their file."""
    return hashlib.sha256(content).hexdigest()


def path_of(name: str, folder: str = SERVED) -> str:
    """Return the path of a digest's file in a store, and in a backup of it."""
    return f"{folder}/{name[:2]}/{name}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the store: its path there, which ends with its digest, and its size."""

    path: str
    bytes: int

    @property
    def paths(self) -> tuple[str, str]:
        """Where the file is, and where it may have been moved to since it was listed."""
        return self.path, path_of(self.path.rpartition("/")[2], RESTRICTED)


class FileStore(ABC):
    """The files of a deployment. Methods raise ``FileNotFoundError`` for a file that is not there."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the files are, as people are shown it."""

    @abstractmethod
    def store(self, content: bytes) -> str:
        """Store bytes and return their SHA-256. All of them are there afterwards, or nothing.

        Their age starts again, so that no sweep deletes them before the row that will refer to them is committed. Raise
        ``StorageFull`` where there is no room, ``StorageAway`` where the store does not answer.
        """

    def load(self, name: str, folder: str = SERVED) -> bytes:
        """Return the bytes of a digest; raise ``FileNotFoundError`` when missing, ``ValueError`` when altered."""
        content = self._read(path_of(name, folder))
        if digest(content) != name:
            log.error("the file %s of %s is altered", path_of(name, folder), self.place)
            raise ValueError(f"{name}: altered")
        return content

    def load_restricted(self, name: str) -> bytes:
        """Return the bytes of a digest, restricted or still served; raise as :meth:`load`."""
        try:
            return self.load(name, RESTRICTED)
        except FileNotFoundError:
            return self.load(name)

    @abstractmethod
    def restrict(self, name: str) -> bool:
        """Move a file to the folder from which nothing is served; return whether it was still among the served."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Return whether the file of a digest is among the served files."""

    @abstractmethod
    def files_before(self, before: datetime) -> list[str]:
        """Return the files last stored before a moment, partial ones included: the candidates of :meth:`sweep`.

        List them first and the references afterwards: a file that is referenced in between is younger.
        """

    @abstractmethod
    def sweep(self, candidates: Iterable[str], referenced: Collection[str], before: datetime) -> int:
        """Delete the candidates whose digest is not referenced; return how many.

        A file that is stored again meanwhile is kept, or is there again at the next sweep at the latest; in between it
        is still read.
        """

    @abstractmethod
    def check(self) -> None:
        """Write a file and delete it; raise ``OSError`` or ``StorageAway`` where that cannot be done."""

    @abstractmethod
    def free_bytes(self) -> int | None:
        """Return how much room is left; ``None`` where the store does not say."""

    # Backups ---------------------------------------------------------------------------------------

    @abstractmethod
    def listed(self) -> Iterator[Stored]:
        """Yield the files, those left out that are still being written."""

    @abstractmethod
    def copy_out(self, path: str, target: Path) -> None:
        """Copy a file to a new one outside the store, readable by its owner only and written to the disk."""

    @abstractmethod
    def put_back(self, path: str, source: Path) -> None:
        """Copy a file from outside to a path of the store; it is there whole, or not at all."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file that was put back, if it is there."""

    @abstractmethod
    def sync(self) -> None:
        """Return once all that was put back outlasts a loss of power."""

    @abstractmethod
    def _read(self, path: str) -> bytes:
        """Return the bytes at a path, whatever they are."""
