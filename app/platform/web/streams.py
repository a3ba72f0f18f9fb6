"""Server-sent events about records that change: their followers, with one reader of the database a process.

A stream holds no connection and no thread. Every half second the reader asks, in one statement, which version the
followed records have, and wakes the followers of those that changed. A stream ends by itself after half a minute: the
browser opens another one, which passes the guard again, so that nobody follows after signing out or losing the right.
Nothing but versions and the time is sent.
"""

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import suppress
from typing import TypeAlias
from weakref import WeakKeyDictionary, WeakSet, proxy

from sqlalchemy.exc import SQLAlchemyError

from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.errors import DomainError, Unavailable
from app.platform.processes.stopping import STOPPING

log = logging.getLogger("escouade.streams")

EVERY = 0.5
"""Seconds between two looks at the database."""
BEAT = 5.0
"""Seconds of silence after which a stream says the time, so that its reader knows that the line holds."""
LIFE = 25.0
"""Seconds that a stream lasts."""
MOST, MOST_EACH = 300, 6
"""Streams of a process, and of one person in it; beyond, the page asks again at times."""
RETRY_SECONDS = 5


Versions: TypeAlias = Callable[[Session, Collection[int]], Mapping[int, int]]
"""A query of the versions of records, by id."""


class Seat:
    """A place within the bounds, held by one stream; one whose response is never sent frees it when it is collected."""

    def __init__(self, person_id: int) -> None:
        self.person_id = person_id


class Follower:
    """Someone who follows a record: woken, from any thread, when it changed or when streams end."""

    def __init__(self, record_id: int, college_id: int, version: int) -> None:
        self.record_id, self.college_id, self.version = record_id, college_id, version
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()

    def wake(self, version: int) -> None:
        """Tell the follower, from another thread, which version the record has."""
        with suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._wake, version)

    def _wake(self, version: int) -> None:
        self.version = version
        self._woken.set()

    async def wait(self, seconds: float) -> None:
        """Wait until woken, for some seconds at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()


class Followers:
    """The followers of one process; the thread that reads for them runs as long as there are any."""

    def __init__(self, database: Database, versions: Versions) -> None:
        self._database, self._versions = database, versions
        self._lock = threading.Lock()
        self._followers: set[Follower] = set()
        self._seats: WeakSet[Seat] = WeakSet()
        self._reader: threading.Thread | None = None

    @property
    def count(self) -> int:
        """How many streams are open."""
        return len(self._followers)

    def stream(self, record_id: int, college_id: int, person_id: int, version: int) -> AsyncIterator[str]:
        """Return the events of a record: its version, at once, at each change, and at each beat.

        Raises ``Unavailable("busy")`` when the process, or the person in it, has as many streams as it may: those that
        were returned count, opened or not.
        """
        return self._events(self._take_seat(person_id), record_id, college_id, version)

    def _take_seat(self, person_id: int) -> Seat:
        with self._lock:
            own = sum(seat.person_id == person_id for seat in self._seats)
            if len(self._seats) >= MOST or own >= MOST_EACH:
                raise Unavailable("busy", retry_after=RETRY_SECONDS)
            seat = Seat(person_id)
            self._seats.add(seat)
            return seat

    async def _events(self, seat: Seat, record_id: int, college_id: int, version: int) -> AsyncIterator[str]:
        follower = Follower(record_id, college_id, version)
        self._add(follower)
        clock = asyncio.get_running_loop().time
        until = clock() + LIFE
        try:
            yield "retry: 1000\n\n"
            while clock() < until and not STOPPING.is_set():
                yield message(follower.version)
                await follower.wait(min(BEAT, max(until - clock(), 0)))
        finally:
            with self._lock:
                self._followers.discard(follower)
                self._seats.discard(seat)

    def _add(self, follower: Follower) -> None:
        with self._lock:
            self._followers.add(follower)
            if self._reader is None:
                self._reader = threading.Thread(target=self._read, name="followed records", daemon=True)
                self._reader.start()

    def _read(self) -> None:
        while True:
            STOPPING.wait(EVERY)
            with self._lock:
                followers = list(self._followers)
                if not followers:
                    self._reader = None
                    return
            for follower, version in self._changes(followers):
                follower.wake(version)
            if STOPPING.is_set():
                time.sleep(EVERY)  # the streams end by themselves: they were woken

    def _changes(self, followers: list[Follower]) -> list[tuple[Follower, int]]:
        """Return the followers to wake, with the version of their record; none when it cannot be read.

        No error ends the reader: the next look may succeed, and nothing else would start another reader.
        """
        if STOPPING.is_set():
            return [(f, f.version) for f in followers]
        try:
            with self._database.transaction(colleges={f.college_id for f in followers}) as db:
                versions = self._versions(db, {f.record_id for f in followers})
        except (SQLAlchemyError, DomainError):  # a database that is away or busy, which others report
            return []
        except Exception:
            log.exception("the versions of the followed records could not be read; they are read again")
            return []
        return [(f, versions[f.record_id]) for f in followers if versions.get(f.record_id, f.version) != f.version]


def message(version: int) -> str:
    """Return an event: the version of a record, and the server's time in milliseconds."""
    return f"data: {json.dumps({'version': version, 'now': round(now().timestamp() * 1000)})}\n\n"


_OF_DATABASES: WeakKeyDictionary[Database, dict[Versions, Followers]] = WeakKeyDictionary()


def followers_of(database: Database, versions: Versions) -> Followers:
    """Return the followers in this process of the records whose versions a query reads."""
    of_database = _OF_DATABASES.setdefault(database, {})
    return of_database.setdefault(versions, Followers(proxy(database), versions))  # keeps no database alive
