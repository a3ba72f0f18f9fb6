"""Pure rules of weekly series: the days of a series, and those it skips."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from app.platform.working_days import Holiday, holidays_of

WEEK = timedelta(days=7)
LONGEST = 52
"""The most weeks that a series goes through."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A day that a series passes over: a holiday, or one of a week that was asked to be without session."""

    on: date
    holiday: Holiday | None


def days_of_series(
    first: date, *, number: int, until: date | None, skipping: Collection[date], with_holidays: bool
) -> tuple[list[date], list[Skipped]]:
    """Return the days of a weekly series from its first day on, and those that it passes over.

    It has ``number`` days, or fewer when it reaches ``until`` or :data:`LONGEST` weeks. ``skipping`` are days, any of
    the week, of weeks without a session.
    """
    weeks = {_week_of(day) for day in skipping}
    days: list[date] = []
    skipped: list[Skipped] = []
    for week in range(LONGEST):
        day = first + week * WEEK
        if len(days) == number or (until is not None and day > until):
            break
        holiday = None if with_holidays else holidays_of(day.year).get(day)
        if holiday is not None or _week_of(day) in weeks:
            skipped.append(Skipped(day, holiday))
        else:
            days.append(day)
    return days, skipped


def _week_of(day: date) -> tuple[int, int]:
    """Return the year and the number of a day's week, from Monday to Sunday (ISO 8601)."""
    return day.isocalendar()[:2]
