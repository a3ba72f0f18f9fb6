"""Background work on sessions: reminders of those of tomorrow."""

from app.attendance.calendar.notices import remind
from app.platform.jobs.job import Job, JobContext


def _remind(context: JobContext) -> None:
    with context.database.as_owner() as db:
        remind(db)


JOBS = (Job("remind_of_sessions", "12 * * * *", _remind),)
