"""Codevelopment groups and sessions: roles, presence and turns. No free text here (BR-11)."""

from enum import StrEnum


class TurnStatus(StrEnum):
    """What became of a consultation."""

    HELD = "held"
    POSTPONED = "postponed"
    SWAPPED = "swapped"
    CANCELLED = "cancelled"


class TurnReason(StrEnum):
    """Why it was not held as planned: a category, never a detail (S4)."""

    ABSENCE = "absence"
    PASS = "pass"  # noqa: S105 - to pass one's turn
    TIME = "time"
    TECHNICAL = "technical"
    QUORUM = "quorum"
