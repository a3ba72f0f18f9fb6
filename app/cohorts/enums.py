"""The phase of a cohort and the states of an enrolment, as stored."""

from enum import StrEnum


class Phase(StrEnum):
    """The phase of the deployment that a cohort belongs to."""

    PROTOTYPE = "prototype"
    DEPLOYMENT = "deployment"


class EnrolmentState(StrEnum):
    """The state of an enrolment; ``rules.MOVES`` lists the allowed changes (BR-04)."""

    APPLIED = "applied"
    ADMITTED = "admitted"
    ACTIVE = "active"
    COMPLETED = "completed"
    REFUSED = "refused"
    ON_LEAVE = "on_leave"
    INCOMPLETE = "incomplete"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"
    FAILED = "failed"
