"""Background work on groups: small ones, sessions of tomorrow, contracts, entrances, the end of what one wrote."""

from app.codev.contracts.notices import remind
from app.codev.destruction.service import tell_and_destroy
from app.codev.entrances.entering import enter_groups
from app.codev.groups.quorum import tell_facilitators
from app.codev.sessions.notices import remind as remind_of_sessions
from app.platform.jobs.job import Job, JobContext


def _tell_facilitators(context: JobContext) -> None:
    with context.database.as_owner() as db:
        tell_facilitators(db)


def _remind(context: JobContext) -> None:
    with context.database.as_owner() as db:
        remind(db)


def _remind_of_sessions(context: JobContext) -> None:
    with context.database.as_owner() as db:
        remind_of_sessions(db)


def _enter(context: JobContext) -> None:
    enter_groups(context.database)


def _tell_and_destroy(context: JobContext) -> None:
    with context.database.as_owner() as db:
        tell_and_destroy(db)


JOBS = (
    # Every five minutes: a departure is a change of an enrolment, which knows nothing of groups.
    Job("tell_of_small_groups", "*/5 * * * *", _tell_facilitators),
    Job("remind_of_codev_sessions", "14 * * * *", _remind_of_sessions),
    Job("remind_of_contracts", "11 * * * *", _remind),
    Job("enter_groups", "2 * * * *", _enter),
    Job("destroy_confidences", "23 9 * * *", _tell_and_destroy),
)
