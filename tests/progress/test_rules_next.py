"""Rules of lateness, of risk and of the next steps."""

from datetime import date, timedelta

import pytest

from app.progress.facts import ActivityDone, Attended, Fact
from app.progress.next_steps.rules import next_steps
from app.progress.risk.rules import is_at_risk, is_late
from app.progress.rules import fold
from app.progress.schemas import Progress
from tests.factories.progress import FROM_THE_START, GENERALIST, START, day, everything


def progress_after(*facts: Fact) -> Progress:
    return fold(GENERALIST, FROM_THE_START, facts)


TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("due", "late"),
    [(None, False), (TODAY, False), (TODAY - timedelta(days=1), True), (TODAY + timedelta(days=1), False)],
)
def test_is_late_from_the_day_after_the_due_date(due: date | None, *, late: bool) -> None:
    assert is_late(due, TODAY) is late


@pytest.mark.parametrize(
    ("due", "attended", "base", "risk"),
    [
        (None, 0, 0, False),
        (TODAY - timedelta(days=14), 0, 0, False),
        (TODAY - timedelta(days=15), 0, 0, True),
        (None, 79, 100, True),
        (None, 80, 100, False),
    ],
)
def test_is_at_risk_when_late_by_two_weeks_or_below_the_attendance_minimum(
    due: date | None, attended: int, base: int, *, risk: bool
) -> None:
    assert is_at_risk(due, attended, base, TODAY, min_attendance_pct=80) is risk


def test_nothing_left_gives_no_step() -> None:
    assert next_steps(progress_after(*everything(GENERALIST))) == ()


def test_at_most_three_steps_by_due_date_then_in_order() -> None:
    assert [s.activity_code for s in next_steps(progress_after())] == ["GEN-1.A", "GEN-1.C", "GEN-2.A"]
    missed = Attended(1, "GEN-1.B", day(1), 180, 0)
    steps = next_steps(progress_after(missed, ActivityDone("GEN-1.A", day(1))))
    assert [(s.activity_code, s.why.code) for s in steps] == [
        ("GEN-1.B", "catch_up_to_do"),
        ("GEN-1.C", "hand_in_missing"),
        ("GEN-2.A", "activity_to_do"),
    ]
    assert steps[0].due_on == START + timedelta(weeks=2, days=-1)


def test_an_unknown_activity_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        progress_after().activity("GEN-9.Z")
