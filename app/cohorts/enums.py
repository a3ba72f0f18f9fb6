"""Cohorts, who follows them, and their calendar with roll calls.

Facts (moves, roll calls, catch-ups) are append-only: a correction is a new row that supersedes.
"""

from enum import StrEnum


class Phase(StrEnum):
    """Which phase of the deployment a cohort belongs to."""

    PROTOTYPE = "prototype"
    DEPLOYMENT = "deployment"


class EnrolmentState(StrEnum):
    """BR-04."""

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
