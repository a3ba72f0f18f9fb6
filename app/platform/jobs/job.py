"""The declarations of background work: scheduled jobs, and jobs that work on one row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any, Protocol, TypeAlias, TypeVar

from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.files.opening import file_store
from app.platform.files.store import FileStore
from app.platform.security.keyring import Keyring

SWEEP_CRON = "* * * * *"
"""When rows are looked for whose job was lost: every minute."""


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None:
        """Release what it holds."""


Shared = TypeVar("Shared", bound=Closable)


class Queue(StrEnum):
    """The queues; each worker takes jobs from all, in threads of their own, so that none delays another."""

    LETTERS = "letters"
    """Messages to people: quick, and waited for."""
    UPKEEP = "upkeep"
    """Scheduled jobs."""
    DOCUMENTS = "documents"
    """Certificates in bulk, and other work that takes the processors."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """The context of a job; ``keyring`` reads the file at each call, so that the current key is used."""

    database: Database
    settings: Settings
    keyring: Callable[[], Keyring]
    _shared: dict[Callable[["JobContext"], Any], Any] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def files(self) -> FileStore:
        """The store of files."""
        return file_store(self.settings)

    def shared(self, make: Callable[["JobContext"], Shared]) -> Shared:
        """Return what ``make`` returns, made once and shared by the jobs of this worker."""
        with self._lock:
            if make not in self._shared:
                self._shared[make] = make(self)
            made: Shared = self._shared[make]
            return made

    def close(self) -> None:
        """Close what the jobs shared."""
        with self._lock:
            while self._shared:
                self._shared.popitem()[1].close()


@dataclass(frozen=True, slots=True)
class Job:
    """A job run at the times of ``cron`` (UTC), by one worker; ``name`` identifies its schedule."""

    name: str
    cron: str
    run: Callable[[JobContext], None]


@dataclass(frozen=True, slots=True)
class RowJob:
    """A job that works on one row, enqueued in the transaction that makes the work; ``run`` gets the row's id.

    The row is the truth: ``run`` looks at it first, and does nothing where nothing is left to do, as a job may come
    twice or late. ``pending`` returns the rows with something left to do: every minute those without a job get one.
    Of one queue, jobs of a higher ``priority`` run first.
    """

    name: str
    run: Callable[[JobContext, int], None]
    pending: Callable[[JobContext], Iterable[int]]
    queue: Queue
    priority: int = 0

    @property
    def sweep_name(self) -> str:
        """The name of the scheduled job that enqueues it again for rows whose job was lost."""
        return f"{self.name}_sweep"


AnyJob: TypeAlias = Job | RowJob
