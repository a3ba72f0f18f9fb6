"""The declarations of background work: scheduled jobs, and loops that poll for their own work."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.keyring import Keyring


@dataclass(frozen=True, slots=True)
class JobContext:
    """The context of a job; ``keyring`` reads the file at each call, so that the current key is used."""

    database: Database
    settings: Settings
    keyring: Callable[[], Keyring]


@dataclass(frozen=True, slots=True)
class Job:
    """A job run at the times of ``cron`` (UTC), by one worker at a time; ``name`` identifies its schedule."""

    name: str
    cron: str
    run: Callable[[JobContext], None]


@dataclass(frozen=True, slots=True)
class Loop:
    """A function that polls for its own work, in a thread of each worker, until the event is set."""

    name: str
    run: Callable[[JobContext, Event], None]
