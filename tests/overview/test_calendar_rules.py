"""Rules of calendars: the days of a page."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.overview.calendar.enums import Span
from app.overview.calendar.rules import first_day, next_first, previous_first


@pytest.mark.parametrize(
    ("span", "day", "before", "first", "after"),
    [
        (Span.WEEK, date(2026, 11, 26), date(2026, 11, 16), date(2026, 11, 23), date(2026, 11, 30)),
        (Span.WEEK, date(2026, 11, 23), date(2026, 11, 16), date(2026, 11, 23), date(2026, 11, 30)),
        (Span.MONTH, date(2026, 11, 26), date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)),
        (Span.MONTH, date(2027, 1, 31), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)),
    ],
)
def test_page_begins_on_a_monday_or_the_first_of_its_month(
    span: Span, day: date, before: date, first: date, after: date
) -> None:
    begins = first_day(span, day)
    assert (previous_first(span, begins), begins, next_first(span, begins)) == (before, first, after)


@given(st.sampled_from(Span), st.dates(date(1950, 1, 1), date(2150, 1, 1)))
def test_pages_follow_one_another_without_a_gap(span: Span, day: date) -> None:
    first = first_day(span, day)
    after = next_first(span, first)
    assert first <= day < after
    assert previous_first(span, after) == first
    assert first_day(span, after - timedelta(days=1)) == first
