"""Waiting for transactions that wait for a lock."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import psycopg

from app.platform.database.transaction import Database
from tests.factories.waiting import wait_until
from tests.server import driver_url

LOCK_WAITERS = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
"""The connections to one database that wait for a lock: those of other tests' databases are not among them."""


@contextmanager
def lock_waiters(database: Database) -> Iterator[Callable[[], int]]:
    """Yield a function that returns how many transactions wait for a lock in a database."""
    with psycopg.connect(driver_url(database.addresses.owner_url or ""), autocommit=True) as watcher:
        yield lambda: watcher.execute(f"select {LOCK_WAITERS}".encode()).rowcount


def wait_for_lock_waiters(database: Database, count: int, *under_way: Future[Any]) -> None:
    """Wait until so many transactions wait for a lock in a database; fail where one under way ends without."""
    with lock_waiters(database) as waiters:

        def all_wait() -> bool:
            assert not any(one.done() for one in under_way)
            return waiters() >= count

        wait_until(all_wait)
