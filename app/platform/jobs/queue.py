"""The queue in the database: jobs enqueued with the transaction that causes them, and what their runs leave there.

The tables are those of procrastinate, and a few of ours, in the schema ``queue``. Requests reach them by functions
that run as their owner: they can enqueue, and read how much waits, but no job.
"""

from collections.abc import Iterable

import psycopg
import sqlalchemy as sa
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.jobs.job import JobContext, RowJob

RETENTION_DAYS = 30
"""Days for which a job that failed, and the times of scheduled jobs, are kept."""

LOST = ("08", "53", "57P0")
"""States of a server that is ending, starting, full or out of reach (PostgreSQL, appendix A)."""

_ENQUEUE = text("select queue.enqueue(:job, :queue, :priority, :ids)").bindparams(
    sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))
)
_HAVE_A_JOB = text(
    """
    select cast(args->>'id' as bigint) from queue.procrastinate_jobs
     where task_name = :job and status in ('todo', 'doing', 'failed')
    """
)
_CLAIM_PERIOD = text(
    """
    insert into queue.period (job, at, job_id) values (:job, to_timestamp(:at), :job_id)
    on conflict (job, at) do update set job = excluded.job returning job_id
    """
)
_END_PERIOD = text("update queue.period set ended_at = now() where job = :job and at = to_timestamp(:at)")
_COUNT_FAILURE = text(
    """
    insert into queue.failure (job_id, failures, error) values (:job_id, 1, :error)
    on conflict (job_id) do update set failures = failure.failures + 1, error = excluded.error, at = now()
    returning failures
    """
)
_PURGE = text(
    """
    with old as (select now() - make_interval(days => :days) as at),
    periods as (delete from period using old where period.at < old.at),
    workers as (delete from worker where seen_at < now() - interval '1 day'),
    parts as (delete from procrastinate_workers where last_heartbeat < now() - interval '1 day')
    delete from procrastinate_jobs j using old where status not in ('todo', 'doing') and not exists (
      select from procrastinate_events e where e.job_id = j.id and e.at > old.at)
    """
)


def enqueue(db: Session, job: RowJob, ids: Iterable[int], *, sooner: int = 0) -> None:
    """Enqueue a job for each row; they run once the transaction has committed, and are gone if it is rolled back.

    ``sooner`` is added to the job's priority: these run before its others that wait.
    """
    values = {"job": job.name, "queue": job.queue.value, "priority": job.priority + sooner, "ids": list(ids)}
    if values["ids"]:
        db.flush()
        db.execute(_ENQUEUE, values)


def sweep(context: JobContext, job: RowJob) -> int:
    """Enqueue a job for each row with something left to do that has none; return how many.

    A job that failed for good counts as the row's: whoever operates the service lets it run again.
    """
    with context.database.as_owner() as db:
        have = set(db.execute(_HAVE_A_JOB, {"job": job.name}).scalars())
    lost = [id_ for id_ in job.pending(context) if id_ not in have]
    with context.database.as_owner() as db:
        enqueue(db, job, lost)
    return len(lost)


def claim_period(database: Database, job: str, at: int, job_id: int | None) -> bool:
    """Return whether a job is the one that runs at a time of a schedule: it may have been enqueued more than once."""
    with database.engine.begin() as owner:
        values = {"job": job, "at": at, "job_id": job_id}
        return bool(owner.execute(_CLAIM_PERIOD, values).scalar_one() == job_id)


def end_period(database: Database, job: str, at: int) -> None:
    """Record that a job has run at a time of its schedule."""
    with database.engine.begin() as owner:
        owner.execute(_END_PERIOD, {"job": job, "at": at})


def count_failure(database: Database, job_id: int | None, error: Exception) -> int:
    """Record the kind of an error, without its text, which may hold what people wrote; return how many there were."""
    with database.engine.begin() as owner:
        values = {"job_id": job_id, "error": type(error).__qualname__}
        return int(owner.execute(_COUNT_FAILURE, values).scalar_one())


def purge(database: Database) -> None:
    """Delete what nobody asks about any more: old failures and times, workers that are long gone."""
    with database.engine.begin() as owner:
        owner.execute(text("set local search_path = queue"))  # triggers of the library name its tables without schema
        owner.execute(_PURGE, {"days": RETENTION_DAYS})


def is_connection_lost(error: BaseException) -> bool:
    """Return whether an error comes of a database that was away or ending, not of the work itself."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return cause.sqlstate is None or cause.sqlstate.startswith(LOST)
    return isinstance(error, PoolTimeout)
