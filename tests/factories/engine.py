"""The engine in a thread of this process, and what the queue holds."""

from collections.abc import Iterator
from contextlib import contextmanager

from anyio.from_thread import start_blocking_portal
from sqlalchemy import text

from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.jobs.engine import Engine
from app.platform.jobs.job import AnyJob, JobContext
from tests.conftest import RING
from tests.factories.waiting import TIMEOUT


@contextmanager
def running_engine(database: Database, settings: Settings, *jobs: AnyJob) -> Iterator[Engine]:
    """Run jobs until the end of the block; those under way are finished."""
    engine = Engine(JobContext(database, settings, lambda: RING), jobs)
    with start_blocking_portal() as portal:
        running = portal.start_task_soon(engine.run)
        try:
            yield engine
        finally:
            portal.call(engine.stop)
            running.result(TIMEOUT)


def statuses(database: Database, name: str) -> list[str]:
    """Return the states of the jobs of a name that are in the queue; those that succeeded are gone."""
    statement = text("select status::text from queue.procrastinate_jobs where task_name = :name order by id")
    with database.engine.connect() as owner:
        return list(owner.execute(statement, {"name": name}).scalars())


def tamper(database: Database, *statements: str, **values: object) -> None:
    """Execute statements in the queue's schema, as its owner."""
    with database.engine.begin() as owner:
        owner.execute(text("set local search_path = queue"))
        for statement in statements:
            owner.execute(text(statement), values)


def fail_job(database: Database, name: str = "sweep_files", *, row_id: int = 7, error: str = "OSError") -> int:
    """Add a job that was tried too often; return its id."""
    tamper(
        database,
        "insert into procrastinate_jobs (queue_name, task_name, args, status, attempts)"
        " values ('upkeep', :name, jsonb_build_object('id', cast(:row as bigint)), 'failed', 10)",
        "insert into failure (job_id, failures, error) select max(id), 10, :error from procrastinate_jobs",
        name=name,
        row=row_id,
        error=error,
    )
    with database.engine.connect() as owner:
        return int(owner.execute(text("select max(id) from queue.procrastinate_jobs")).scalar_one())
