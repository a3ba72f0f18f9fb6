"""The cost of row-level security: the same pages with it and without it, alternately, as a ratio.

``without`` lets the application role bypass the policies (``BYPASSRLS``) on the benchmark's own server; ``scoped()``
still limits the queries. Connections are opened anew at each turn, so that no query plan is reused.
"""

import statistics
import time
from collections.abc import Callable, Iterator

import httpx2 as httpx
from sqlalchemy import text

from app.platform.database.session import APP_ROLE
from app.platform.database.transaction import Database

TURNS = 8
WARM_UP_CALLS = 3
CALLS = 12


def costs(
    client: httpx.Client, database: Database, pages: dict[str, tuple[str, dict[str, str]]]
) -> Iterator[tuple[str, float, float]]:
    """Yield ``(name, ms with, ms without)``, the medians of each page."""
    for name, (path, headers) in pages.items():

        def call(path: str = path, headers: dict[str, str] = headers) -> httpx.Response:
            return client.get(path, headers=headers)

        times: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(2 * TURNS):
            enforced = turn % 2 == 0
            _set_row_security(database, enforced=enforced)
            times[enforced] += _timed(call)
        _set_row_security(database, enforced=True)
        yield name, statistics.median(times[True]), statistics.median(times[False])


def _set_row_security(database: Database, *, enforced: bool) -> None:
    with database.engine.begin() as owner:
        owner.execute(text(f"alter role {APP_ROLE} {'nobypassrls' if enforced else 'bypassrls'}"))
    database.request_engine.dispose()


def _timed(call: Callable[[], httpx.Response]) -> list[float]:
    times = []
    for _ in range(WARM_UP_CALLS + CALLS):
        start = time.perf_counter()
        call().raise_for_status()
        times.append((time.perf_counter() - start) * 1000)
    return times[WARM_UP_CALLS:]
