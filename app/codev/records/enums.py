"""Statuses and reasons of turns."""

from enum import StrEnum


class TurnStatus(StrEnum):
    """Status of a consultation in a record."""

    HELD = "held"
    POSTPONED = "postponed"
    SWAPPED = "swapped"
    CANCELLED = "cancelled"


class TurnReason(StrEnum):
    """Why a consultation was not held as planned: a category, never a detail (S4)."""

    ABSENCE = "absence"
    PASS = "pass"  # noqa: S105 - to pass one's turn
    TIME = "time"
    TECHNICAL = "technical"
    QUORUM = "quorum"
