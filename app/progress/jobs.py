"""Background work on progress: its check, and reminders of late work."""

import logging

from app.platform.database.transaction import Database
from app.platform.jobs.job import Job, JobContext
from app.progress.risk.reminders import remind_of_late_work
from app.progress.service import mismatches

log = logging.getLogger("escouade.worker")


def check_progress(database: Database) -> list[int]:
    """Return the enrolments whose stored progress is not what their facts give; they are logged as errors."""
    with database.as_owner() as db:
        wrong = mismatches(db)
    if wrong:
        log.error("progress differs from the facts for enrolments %s", wrong)
    return wrong


def _check(context: JobContext) -> None:
    check_progress(context.database)


def _remind(context: JobContext) -> None:
    with context.database.as_owner() as db:
        remind_of_late_work(db)


JOBS = (Job("check_progress", "17 8 * * *", _check), Job("remind_of_late_work", "27 13 * * *", _remind))
