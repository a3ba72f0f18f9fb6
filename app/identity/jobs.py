"""Background work on sign-ins."""

import logging

from sqlalchemy import text

from app.platform.database.transaction import Database
from app.platform.jobs.job import Job, JobContext

RETENTION_DAYS = 30
log = logging.getLogger("escouade.worker")


def sweep_sign_ins(database: Database) -> int:
    """Delete sign-ins that ended a month ago; return how many."""
    with database.engine.begin() as owner:
        deleted = owner.execute(
            text("delete from sign_in where coalesce(ended_at, expires_at) < now() - make_interval(days => :days)"),
            {"days": RETENTION_DAYS},
        )
    return deleted.rowcount


def _sweep(context: JobContext) -> None:
    log.info("%d ended sign-ins deleted", sweep_sign_ins(context.database))


JOBS = (Job("sweep_sign_ins", "7 * * * *", _sweep),)
