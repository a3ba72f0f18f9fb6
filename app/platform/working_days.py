"""Working days of Quebec: Monday to Friday, without its statutory holidays."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

SATURDAY, SUNDAY = 5, 6
DAY = timedelta(days=1)


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


@cache
def holidays_of(year: int) -> Mapping[date, Holiday]:
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


def is_working_day(day: date) -> bool:
    """Whether a day is one from Monday to Friday that is no statutory holiday."""
    return day.weekday() < SATURDAY and day not in holidays_of(day.year)


def working_days(since: date, until: date) -> int:
    """Return the number of working days after ``since`` up to ``until``, included."""
    return sum(is_working_day(since + n * DAY) for n in range(1, (until - since).days + 1))


def add_working_days(since: date, n: int) -> date:
    """Return the ``n``-th working day after a day; the day itself for none."""
    day = since
    while n > 0:
        day += DAY
        n -= is_working_day(day)
    return day
