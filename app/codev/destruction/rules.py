"""Pure rules of destruction: when what a group wrote is due, and when it may be destroyed."""

from dataclasses import dataclass
from datetime import date, timedelta

PROPOSED_DAYS = 30
"""How many days after a cycle its texts are destroyed, unless the college confirms another number."""
NOTICE_DAYS = 7
"""How many days before, at least, its people are told."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """What tells when a group's cycle is over: its last session, whether that was the review, its cohort's end."""

    last_on: date | None
    is_reviewed: bool
    cohort_ends_on: date


def over_on(cycle: Cycle, today: date) -> date | None:
    """Return the day on which a cycle was over, ``None`` while it goes on.

    It is over with its review, the session of the path's last activity of codevelopment; without one, with its cohort.
    """
    if cycle.last_on is not None and cycle.is_reviewed and cycle.last_on < today:
        return cycle.last_on
    end = max(cycle.cohort_ends_on, cycle.last_on or cycle.cohort_ends_on)
    return end if end < today else None


def destroyed_from(over: date, days: int, told_on: date | None, today: date) -> date:
    """Return the first day on which texts are destroyed: ``days`` after, and a week after people were told."""
    return max(over + timedelta(days=days), (told_on or today) + timedelta(days=NOTICE_DAYS))


def is_to_tell(over: date, days: int, told_on: date | None, today: date) -> bool:
    """Whether a group's people are to be told now: once, a week before."""
    return told_on is None and today >= over + timedelta(days=days - NOTICE_DAYS)


def is_to_destroy(over: date, days: int, told_on: date | None, today: date) -> bool:
    """Whether a group's texts are to be destroyed now."""
    return told_on is not None and today >= destroyed_from(over, days, told_on, today)
