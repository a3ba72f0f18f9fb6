"""How background work stands: what waits and since when, what failed, which workers are alive.

Requests may ask (``health``, metrics, an administrator's page): the functions of the schema ``queue`` answer without
showing a job's row.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text

from app.platform.database.claims import Right
from app.platform.database.rows import fetch_all
from app.platform.database.session import Session, allow
from app.platform.jobs.job import SWEEP_CRON, AnyJob, RowJob
from app.platform.schema import Read

_KINDS = text("select name, waiting, running, failed, due_since from queue.kinds()")
_LAST_RUNS = text("select name, ended_at from queue.last_runs()")
_WORKERS = text("select name, host, pid, version, started_at, seen_at, running from queue.workers()")
_FAILURES = text("select id, name, row_id, attempts, error, at from queue.failures(:most)")
_RETRY = text("select queue.retry(:id)")


class JobKind(Read):
    """The jobs of one name: how many wait, run, have failed; ``cron`` of a scheduled one, ``last_run_at`` its last end.

    ``due_since`` is when the oldest that waits could have begun; ``None`` when none is due.
    """

    name: str
    cron: str | None = None
    waiting: int = 0
    running: int = 0
    failed: int = 0
    due_since: datetime | None = None
    last_run_at: datetime | None = None


class RunningWorker(Read):
    """A process that runs jobs, as of its last sign of life, given every two seconds; gone once it has stopped."""

    name: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    running: tuple[str, ...]


class FailedJob(Read):
    """A job that was tried too often; ``error`` is the kind of the last error."""

    id: int
    name: str
    row_id: int | None
    attempts: int
    error: str
    at: datetime | None


class JobsStatus(Read):
    """The kinds of jobs, in the order of their declarations, and the workers, oldest first."""

    kinds: tuple[JobKind, ...]
    workers: tuple[RunningWorker, ...]


def jobs_status(db: Session, jobs: Iterable[AnyJob]) -> JobsStatus:
    """Return how the declared jobs stand, and those of other names that are still in the queue."""
    counted = {row.name: dict(row._mapping) for row in fetch_all(db, _KINDS)}
    ended = {row.name: row.ended_at for row in fetch_all(db, _LAST_RUNS)}
    crons: dict[str, str | None] = {}
    for job in jobs:
        crons |= {job.name: None, job.sweep_name: SWEEP_CRON} if isinstance(job, RowJob) else {job.name: job.cron}
    kinds = tuple(
        JobKind(cron=crons.get(name), last_run_at=ended.get(name), **(counted.get(name) or {"name": name}))
        for name in dict.fromkeys([*crons, *counted])
    )
    workers = tuple(RunningWorker.model_validate(row._mapping) for row in fetch_all(db, _WORKERS))
    return JobsStatus(kinds=kinds, workers=workers)


def failed_jobs(db: Session, most: int = 100) -> tuple[FailedJob, ...]:
    """Return the jobs that were tried too often, newest first."""
    return tuple(FailedJob.model_validate(row._mapping) for row in fetch_all(db, _FAILURES, most=most))


def retry_failed(db: Session, job_id: int) -> bool:
    """Let a failed job run again; return whether there was one of that id.

    The caller checks that the actor administers the platform.
    """
    allow(db, Right.OPERATION)
    return bool(db.execute(_RETRY, {"id": job_id}).scalar_one())
