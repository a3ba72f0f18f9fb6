"""Cohorts, who follows them, and their calendar with roll calls.

Facts (moves, roll calls, catch-ups) are append-only: a correction is a new row that supersedes.
"""

from enum import StrEnum


class PresenceStatus(StrEnum):
    """How someone was there, or not."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    EXCUSED = "excused"
    ABSENT = "absent"


class PresenceMode(StrEnum):
    """By which way; the telephone counts the same minutes (S1)."""

    ONSITE = "onsite"
    VIDEO = "video"
    PHONE = "phone"
