"""The phase and the state of a cohort, and the states of an enrolment, as stored."""

from enum import StrEnum


class Phase(StrEnum):
    """The phase of the deployment that a cohort belongs to."""

    PROTOTYPE = "prototype"
    DEPLOYMENT = "deployment"


class EnrolmentState(StrEnum):
    """The state of an enrolment; ``rules.MOVES`` lists the allowed changes (BR-04)."""

    APPLIED = "applied"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    ADMITTED = "admitted"
    ACTIVE = "active"
    COMPLETED = "completed"
    REFUSED = "refused"
    DECLINED = "declined"
    ON_LEAVE = "on_leave"
    INCOMPLETE = "incomplete"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"
    FAILED = "failed"


class CohortState(StrEnum):
    """The state of a cohort, from its preparation to its end; ``lifecycle.rules`` lists the allowed moves."""

    DRAFT = "draft"
    OPEN = "open"
    RUNNING = "running"
    CLOSED = "closed"
    ARCHIVED = "archived"


class CohortSort(StrEnum):
    """What lists of cohorts are sorted by."""

    TITLE = "titre"
    START = "debut"
    END = "fin"


class WaitlistSort(StrEnum):
    """What a waitlist is sorted by: its own order alone."""

    PLACE = "rang"


class ApplicationSort(StrEnum):
    """What the list of answered applications is sorted by."""

    RECEIVED = "reception"
    NAME = "nom"
