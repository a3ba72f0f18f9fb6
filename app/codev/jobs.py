"""Background work on codevelopment groups: who is told that a group has become too small."""

from app.codev.groups.quorum import tell_facilitators
from app.platform.jobs.job import Job, JobContext


def _tell_facilitators(context: JobContext) -> None:
    with context.database.as_owner() as db:
        tell_facilitators(db)


JOBS = (Job("tell_of_small_groups", "*/5 * * * *", _tell_facilitators),)
"""Runs every five minutes: a departure is a change of an enrolment, which knows nothing of groups."""
