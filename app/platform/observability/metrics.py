"""Metrics of requests, kept by each process (``exposition``: of the whole service).

The processes of ``escouade serve`` keep theirs in files of one folder, which whichever of them is asked adds up.
"""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, multiprocess
from sqlalchemy.pool import ConnectionPoolEntry

from app.platform.observability.figures import Figures

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that the library reads, when it is imported, for the folder of several processes."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

OWN = CollectorRegistry()
REQUEST_SECONDS = Histogram(
    "escouade_request_seconds", "Time until the end of an answer.", ("method", "route"), buckets=SECONDS, registry=OWN
)
REQUESTS = Counter("escouade_requests", "Requests answered.", ("method", "route", "status"), registry=OWN)
QUEUE_SECONDS = Histogram(
    "escouade_queue_seconds", "Wait of a request for a free connection.", buckets=SECONDS, registry=OWN
)
STATEMENTS = Histogram(
    "escouade_request_statements", "SQL statements of a request.", buckets=(5, 10, 15, 20, 30, 50, 100), registry=OWN
)
IN_PROGRESS = Gauge("escouade_requests_in_progress", "Requests under way.", multiprocess_mode="livesum", registry=OWN)
POOL_IN_USE = Gauge(
    "escouade_pool_in_use", "Database connections that work for a request.", multiprocess_mode="livesum", registry=OWN
)
POOL_SIZE = Gauge(
    "escouade_pool_size", "Database connections that may at once.", multiprocess_mode="livesum", registry=OWN
)
FILE_SECONDS = Histogram(
    "escouade_file_store_seconds", "Time of a request to the bucket of files.", ("operation",), buckets=SECONDS,
    registry=OWN,
)  # fmt: skip
FILE_FAILURES = Counter(
    "escouade_file_store_failures", "Requests that the bucket of files refused or did not answer.", registry=OWN
)


def observe(figures: Figures, *, method: str, route: str, status: int, seconds: float) -> None:
    """Count a request that has ended; status 0 when its sender went away."""
    REQUEST_SECONDS.labels(method, route).observe(seconds)
    REQUESTS.labels(method, route, str(status)).inc()
    STATEMENTS.observe(figures.statements)
    if figures.waited is not None:
        QUEUE_SECONDS.observe(figures.waited)


def connection_taken(_connection: object, record: ConnectionPoolEntry, _taken: object) -> None:
    """Count a connection that is taken from the pool; a listener of SQLAlchemy's pools."""
    _records(record)["counted"] = True
    POOL_IN_USE.inc()


def connection_returned(_connection: object, record: ConnectionPoolEntry) -> None:
    """Count a connection that returns to the pool; one that was dead when it was taken was not counted."""
    if _records(record).pop("counted", False):
        POOL_IN_USE.dec()


def _records(record: ConnectionPoolEntry) -> dict[str, bool]:
    found: dict[str, bool] | None = record.record_info
    assert found is not None  # noqa: S101 - only of a record that is no pool's
    return found


def of_processes() -> CollectorRegistry:
    """Return the registry to read: this process's own, or the sum over all, without the gauges of those that ended."""
    folder = os.environ.get(SHARED)
    if folder is None:
        return OWN
    for file in Path(folder).glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not _is_alive(pid):
            multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]
    every = CollectorRegistry()
    multiprocess.MultiProcessCollector(every)  # type: ignore[no-untyped-call]
    return every


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
