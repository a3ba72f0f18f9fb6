"""Pure rules of calendars: the days of a page, and those before and after it."""

from datetime import date, timedelta

from app.overview.calendar.enums import Span

WEEK = timedelta(days=7)
LONGEST_MONTH = timedelta(days=31)


def first_day(span: Span, day: date) -> date:
    """Return the first day of the week, a Monday, or of the month of a day."""
    return day - timedelta(days=day.weekday()) if span is Span.WEEK else day.replace(day=1)


def next_first(span: Span, first: date) -> date:
    """Return the first day of the week or the month after the one that begins on ``first``."""
    return first + WEEK if span is Span.WEEK else (first + LONGEST_MONTH).replace(day=1)


def previous_first(span: Span, first: date) -> date:
    """Return the first day of the week or the month before the one that begins on ``first``."""
    return first_day(span, first - timedelta(days=1))
