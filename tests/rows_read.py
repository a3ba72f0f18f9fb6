"""How many rows each transaction of a block of a test reads from each table, as PostgreSQL counts them.

What a function of the database reads is counted too. Parallel workers count apart: the block does without them.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

COUNTERS = "select relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables"


@contextmanager
def rows_read(engine: Engine) -> Iterator[Counter[str]]:
    """Yield a counter by table, which the transactions of an engine add to when they end."""
    total: Counter[str] = Counter()

    def begin(connection: Connection) -> None:
        connection.info["before"] = counters(connection, "set local max_parallel_workers_per_gather = 0;")

    def end(connection: Connection) -> None:
        if "before" in connection.info and is_sound(connection):
            total.update(counters(connection) - connection.info.pop("before"))

    listeners = {"begin": begin, "commit": end, "rollback": end}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield total
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


def counters(connection: Connection, first: str = "") -> Counter[str]:
    """Return what the transaction of a connection has read so far, and what its backend has not yet reported."""
    driver: Any = connection.connection.driver_connection
    if first:
        driver.execute(first)
    return Counter(dict(driver.execute(COUNTERS).fetchall()))


def is_sound(connection: Connection) -> bool:
    """Return whether the transaction of a connection can still be asked something."""
    driver: Any = connection.connection.driver_connection
    return not driver.closed and driver.info.transaction_status.name == "INTRANS"
