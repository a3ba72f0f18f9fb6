"""What row-level security costs: the same pages with it and without, in turns, as a ratio.

``without`` lets the application role pass the policies (``BYPASSRLS``) on the bench's own server; the
query layer's ``scoped()`` stays. Connections are opened anew at each turn, so that no plan is kept.
"""

import statistics
import time
from collections.abc import Callable, Iterator

import httpx2 as httpx
from sqlalchemy import text

from app.platform.database.session import APP_ROLE
from app.platform.database.transaction import Database

TURNS = 8
WARMING = 3
CALLS = 12


def costs(
    client: httpx.Client, database: Database, pages: dict[str, tuple[str, dict[str, str]]]
) -> Iterator[tuple[str, float, float]]:
    """``(name, ms with, ms without)``: medians of each page."""
    for name, (path, headers) in pages.items():

        def call(path: str = path, headers: dict[str, str] = headers) -> httpx.Response:
            return client.get(path, headers=headers)

        times: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(2 * TURNS):
            walled = turn % 2 == 0
            _wall(database, walled=walled)
            times[walled] += _timed(call)
        _wall(database, walled=True)
        yield name, statistics.median(times[True]), statistics.median(times[False])


def _wall(database: Database, *, walled: bool) -> None:
    with database.engine.begin() as owner:
        owner.execute(text(f"alter role {APP_ROLE} {'nobypassrls' if walled else 'bypassrls'}"))
    database.engine.dispose()


def _timed(call: Callable[[], httpx.Response]) -> list[float]:
    found = []
    for _ in range(WARMING + CALLS):
        start = time.perf_counter()
        call().raise_for_status()
        found.append((time.perf_counter() - start) * 1000)
    return found[WARMING:]
