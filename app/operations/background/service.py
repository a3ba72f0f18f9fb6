"""Failed background jobs, and letting them run again."""

from app.operations.background.schemas import FailedJobs, FailedJobShown, FailedJobSort, FailedJobsQuery
from app.platform.audit.enums import Act
from app.platform.audit.recorder import record_statement
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.jobs import status
from app.platform.messages.i18n import job_name
from app.platform.paging import Page, page_of
from app.platform.security.actor import Actor

MOST = 1_000
"""Failed jobs that are looked at: when more have failed, one cause stands behind them."""


def failed_jobs(db: Session) -> FailedJobs:
    """Return the jobs that were tried too often, newest first."""
    return FailedJobs(items=_failed(db))


def list_failed(db: Session, query: FailedJobsQuery) -> Page[FailedJobShown]:
    """Return a page of the jobs that were tried too often."""
    orders = {FailedJobSort.FAILED: lambda job: job.at, FailedJobSort.NAME: lambda job: job_name(job.name)}
    return page_of(_failed(db), query, orders=orders, text=lambda job: f"{job_name(job.name)} {job.name} {job.error}")


def _failed(db: Session) -> tuple[FailedJobShown, ...]:
    return tuple(FailedJobShown(**job.model_dump()) for job in status.failed_jobs(db, MOST))


def see_failed_job(db: Session, _: Actor, job_id: int) -> FailedJobShown:
    """Return a job that was tried too often; raise ``NotFound`` for any other. The guard checks the permission."""
    for job in _failed(db):
        if job.id == job_id:
            return job
    raise NotFound


def retry(db: Session, job: FailedJobShown) -> None:
    """Let a failed job run again, from its first try; raise ``NotFound`` when somebody else has."""
    if not status.retry_failed(db, job.id):
        raise NotFound
    before, after = {"status": "failed", "name": job.name, "row_id": job.row_id}, {"status": "todo"}
    record_statement(db, Act.CHANGE, "queue.procrastinate_jobs", job.id, before=before, after=after)
