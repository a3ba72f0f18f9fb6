"""Pure rules of weekly series: the statutory holidays of Quebec, the days of a series, and those it skips."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

WEEK = timedelta(days=7)
LONGEST = 52
"""The most weeks that a series goes through."""


class Holiday(StrEnum):
    """The statutory holidays of Quebec: the Act respecting labour standards (s. 60), and the National Holiday Act.

    The former lets an employer choose between Good Friday and Easter Monday: colleges close on both.
    """

    NEW_YEAR = "new_year"
    GOOD_FRIDAY = "good_friday"
    EASTER_MONDAY = "easter_monday"
    PATRIOTS = "patriots"
    NATIONAL = "national"
    CANADA = "canada"
    LABOUR = "labour"
    THANKSGIVING = "thanksgiving"
    CHRISTMAS = "christmas"


def holidays_of(year: int) -> dict[date, Holiday]:
    """Return the statutory holidays of a year, by day."""
    easter = easter_of(year)
    canada = date(year, 7, 1)
    return {
        date(year, 1, 1): Holiday.NEW_YEAR,
        easter - timedelta(days=2): Holiday.GOOD_FRIDAY,
        easter + timedelta(days=1): Holiday.EASTER_MONDAY,
        _monday_until(date(year, 5, 24)): Holiday.PATRIOTS,
        date(year, 6, 24): Holiday.NATIONAL,
        canada + timedelta(days=canada.weekday() == SUNDAY): Holiday.CANADA,
        _monday_until(date(year, 9, 7)): Holiday.LABOUR,
        _monday_until(date(year, 10, 14)): Holiday.THANKSGIVING,
        date(year, 12, 25): Holiday.CHRISTMAS,
    }


SUNDAY = 6


def _monday_until(last: date) -> date:
    """Return the last Monday until a day, included."""
    return last - timedelta(days=last.weekday())


def easter_of(year: int) -> date:
    """Return Easter Sunday of a year of the Gregorian calendar (Meeus, Jones and Butcher)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    leaps, left = divmod(century, 4)
    shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - shift + 15) % 30
    to_sunday = (32 + 2 * left + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


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
