"""Working days: Quebec's statutory holidays on their days, and days counted without them."""

from datetime import date, timedelta

import pytest
from dateutil.easter import easter  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from app.platform.working_days import (
    Holiday,
    add_working_days,
    easter_of,
    holidays_of,
    is_working_day,
    working_days,
)

FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("day", "holiday"),
    [
        (date(2027, 1, 1), Holiday.NEW_YEAR), (date(2027, 3, 26), Holiday.GOOD_FRIDAY),
        (date(2027, 3, 29), Holiday.EASTER_MONDAY), (date(2027, 5, 24), Holiday.PATRIOTS),
        (date(2026, 5, 18), Holiday.PATRIOTS), (date(2027, 6, 24), Holiday.NATIONAL),
        (date(2027, 7, 1), Holiday.CANADA), (date(2029, 7, 2), Holiday.CANADA), (date(2026, 9, 7), Holiday.LABOUR),
        (date(2026, 10, 12), Holiday.THANKSGIVING), (date(2026, 12, 25), Holiday.CHRISTMAS),
    ],
)  # fmt: skip
def test_statutory_holiday_is_on_its_day(day: date, holiday: Holiday) -> None:
    assert holidays_of(day.year)[day] is holiday
    assert len(holidays_of(day.year)) == len(Holiday)


def test_easter_is_that_of_another_computation() -> None:
    assert [easter_of(year) for year in range(1900, 2200)] == [easter(year) for year in range(1900, 2200)]


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        (date(2026, 11, 6), date(2026, 11, 6), 0),
        (date(2026, 11, 6), date(2026, 11, 8), 0),
        (date(2026, 11, 6), date(2026, 11, 9), 1),
        (date(2026, 11, 2), date(2026, 11, 16), 10),
        (date(2026, 11, 9), date(2026, 11, 6), 0),
        (date(2026, 12, 24), date(2026, 12, 28), 1),
        (date(2027, 3, 25), date(2027, 3, 30), 1),
    ],
)
def test_working_days_leave_out_weekends_and_holidays(since: date, until: date, days: int) -> None:
    assert working_days(since, until) == days


@pytest.mark.parametrize(
    ("since", "n", "day"),
    [
        (FRIDAY, 0, FRIDAY),
        (FRIDAY, 1, date(2026, 11, 30)),
        (FRIDAY, 10, date(2026, 12, 11)),
        (date(2026, 12, 18), 10, date(2027, 1, 5)),
        (date(2027, 6, 23), 1, date(2027, 6, 25)),
    ],
)
def test_working_days_are_added_without_weekends_and_holidays(since: date, n: int, day: date) -> None:
    assert add_working_days(since, n) == day


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(1, 60))
def test_working_days_added_and_counted_agree(since: date, n: int) -> None:
    until = add_working_days(since, n)
    assert is_working_day(until)
    assert working_days(since, until) == n
    assert working_days(since, until - timedelta(days=1)) == n - 1
