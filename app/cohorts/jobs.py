"""Background work on cohorts: overdue offers end, free seats are offered to those who wait, old announcements end."""

import logging

from sqlalchemy import text

from app.cohorts.waitlist.filling import FILL
from app.notifications.jobs import RETENTION_DAYS
from app.platform.database.transaction import Database
from app.platform.jobs.job import Job, JobContext

log = logging.getLogger("escouade.worker")


def sweep_announcements(database: Database) -> int:
    """Delete the announcements of a year ago, as their messages are; return how many."""
    with database.engine.begin() as owner:
        deleted = owner.execute(
            text("delete from announcement where sent_at < now() - make_interval(days => :days)"),
            {"days": RETENTION_DAYS},
        )
    return deleted.rowcount


def _sweep(context: JobContext) -> None:
    log.info("%d old announcements deleted", sweep_announcements(context.database))


JOBS = (FILL, Job("sweep_announcements", "23 8 * * *", _sweep))
