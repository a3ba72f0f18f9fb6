"""A table locked for nine seconds, as by a careless operator, while forty clients go on."""

import http.client
import statistics
import threading
import time
from urllib.parse import urlsplit

from sqlalchemy import text

from app.platform.database.transaction import Database

CLIENTS = 40
STUCK = 10
"""How many of the clients ask for the locked table, again and again."""
SECONDS = 9.0
TABLE, OF_TABLE, OTHER = "mandate", "/api/v1/mandates", "/api/v1/me"


def answers_meanwhile(url: str, database: Database, headers: dict[str, str]) -> tuple[float, float, int, int]:
    """Return the median and 95th percentile in ms of answers that need another table, how many, how many refused."""
    until = time.perf_counter() + SECONDS
    results: list[tuple[int, float]] = []

    def go(path: str) -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        while time.perf_counter() < until:
            start = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if path == OTHER:
                results.append((answer.status, (time.perf_counter() - start) * 1000))
        connection.close()

    paths = [OF_TABLE] * STUCK + [OTHER] * (CLIENTS - STUCK)
    with database.as_owner() as db:
        db.execute(text(f"lock table {TABLE} in access exclusive mode"))
        threads = [threading.Thread(target=go, args=(path,)) for path in paths]
        for thread in threads:
            thread.start()
        time.sleep(SECONDS)
    for thread in threads:
        thread.join()
    times = sorted(milliseconds for _, milliseconds in results)
    failed = sum(status != 200 for status, _ in results)
    return statistics.median(times), times[int(len(times) * 0.95)], len(times), failed
