"""Background work on messages: their letters, and the end of old ones.

Reminders are swept by the features that know what to remind of; a sweep that runs late or twice calls ``notify`` with
the same keys.
"""

import logging

from sqlalchemy import text

from app.notifications.letters import write_letters
from app.platform.database.transaction import Database
from app.platform.jobs.job import Job, JobContext

RETENTION_DAYS = 365
log = logging.getLogger("escouade.worker")


def sweep_notifications(database: Database) -> int:
    """Delete the messages of a year ago; return how many."""
    with database.engine.begin() as owner:
        deleted = owner.execute(
            text("delete from notification where created_at < now() - make_interval(days => :days)"),
            {"days": RETENTION_DAYS},
        )
    return deleted.rowcount


def _write_letters(context: JobContext) -> None:
    written = write_letters(context.database, context.settings)
    if written:
        log.info("%d letters of messages written", written)


def _sweep(context: JobContext) -> None:
    log.info("%d old messages deleted", sweep_notifications(context.database))


JOBS = (Job("write_letters", "* * * * *", _write_letters), Job("sweep_notifications", "17 8 * * *", _sweep))
