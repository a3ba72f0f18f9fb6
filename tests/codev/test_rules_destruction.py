"""Rules of the destruction of what groups wrote: no database."""

from datetime import date, timedelta

import pytest

from app.codev.destruction.rules import Cycle, destroyed_from, is_to_destroy, is_to_tell, over_on

REVIEW, END = date(2026, 10, 1), date(2026, 12, 1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("cycle", "on", "expected"),
    [
        (Cycle(REVIEW, is_reviewed=True, cohort_ends_on=END), REVIEW, None),
        (Cycle(REVIEW, is_reviewed=True, cohort_ends_on=END), REVIEW + DAY, REVIEW),
        (Cycle(REVIEW, is_reviewed=False, cohort_ends_on=END), END, None),
        (Cycle(REVIEW, is_reviewed=False, cohort_ends_on=END), END + DAY, END),
        (Cycle(END + DAY, is_reviewed=False, cohort_ends_on=END), END + DAY, None),
        (Cycle(END + DAY, is_reviewed=False, cohort_ends_on=END), END + 2 * DAY, END + DAY),
        (Cycle(None, is_reviewed=False, cohort_ends_on=END), END + DAY, END),
    ],
)
def test_cycle_is_over_with_its_review_else_with_its_cohort(cycle: Cycle, on: date, expected: date | None) -> None:
    assert over_on(cycle, on) == expected


def test_people_are_told_once_a_week_before() -> None:
    assert not is_to_tell(REVIEW, 30, None, REVIEW + 22 * DAY)
    assert is_to_tell(REVIEW, 30, None, REVIEW + 23 * DAY)
    assert not is_to_tell(REVIEW, 30, REVIEW + 23 * DAY, REVIEW + 24 * DAY)


def test_texts_are_destroyed_on_time_and_never_less_than_a_week_after_people_were_told() -> None:
    told = REVIEW + 23 * DAY
    assert not is_to_destroy(REVIEW, 30, told, REVIEW + 29 * DAY)
    assert is_to_destroy(REVIEW, 30, told, REVIEW + 30 * DAY)
    late = REVIEW + 90 * DAY
    assert destroyed_from(REVIEW, 30, None, late) == late + 7 * DAY
    assert not is_to_destroy(REVIEW, 30, None, late), "a schedule confirmed late still tells first"
    assert not is_to_destroy(REVIEW, 30, late, late + 6 * DAY)
    assert is_to_destroy(REVIEW, 30, late, late + 7 * DAY)
