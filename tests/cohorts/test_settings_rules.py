"""What a change of a cohort's settings changes for people."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from app.cohorts.settings.rules import change_reasons
from app.overview.cohort_change.rules import Affected, Follower, Sent, Terms, effects

FIRST, LAST = date(2026, 9, 7), date(2026, 12, 18)
TERMS = Terms(FIRST, LAST, late_join_pct=25, grace_hours=48, capacity=12, place="Alma")
DUE = FIRST + timedelta(weeks=2, days=-1)
NOBODY = Affected(
    followers=(), works=(), session_days=(), people=0, seated=0, zone="America/Toronto",
    today=FIRST + timedelta(weeks=4), min_attendance_pct=80,
)  # fmt: skip


def coded(after: Terms, affected: Affected) -> dict[str, object]:
    """Return the number of each effect, by its code."""
    return {reason.code: reason.params.get("n") for reason in effects(TERMS, after, affected)}


def received(days: int, declared: int | None = None) -> Sent:
    """Return a work of the second week, received and declared some days after it was due."""
    at = datetime.combine(DUE, time(16), UTC)
    return Sent(2, at + timedelta(days=days), None if declared is None else at + timedelta(days=declared))


def test_dates_and_seats_that_cannot_be_are_refused() -> None:
    reasons = change_reasons(starts_on=LAST, ends_on=LAST, capacity=3, seated=4)
    assert [(r.code, r.field) for r in reasons] == [("ends_before_start", "ends_on"), ("seats_taken", "capacity")]
    assert change_reasons(starts_on=FIRST, ends_on=LAST, capacity=4, seated=4) == []


def test_change_without_effect_says_so() -> None:
    assert coded(TERMS, NOBODY) == {"nobody_affected": None}


def test_start_moved_later_moves_what_is_due_and_the_limit_to_join() -> None:
    later = replace(TERMS, starts_on=FIRST + timedelta(days=7))
    someone = replace(NOBODY, followers=[Follower(DUE, 60, 60)], people=1, today=DUE)
    assert coded(later, someone) == {"last_day_to_join_moves": None, "due_later": 7, "people_know_otherwise": 1}
    earlier = replace(TERMS, starts_on=FIRST - timedelta(days=3))
    assert coded(earlier, someone)["due_earlier"] == 3


def test_people_at_risk_are_counted_before_and_after() -> None:
    long_late = [Follower(DUE, 60, 60)] * 2 + [Follower(None, 10, 60)]
    affected = replace(NOBODY, followers=long_late, today=DUE + timedelta(days=15))
    moved = replace(TERMS, starts_on=FIRST + timedelta(days=7))
    [risk] = [r for r in effects(TERMS, moved, affected) if r.code == "at_risk_becomes"]
    assert risk.params == {"before": 3, "n": 1}, "low attendance stays a risk"


def test_sessions_that_fall_outside_are_counted_once_they_do() -> None:
    days = [FIRST + timedelta(days=1), LAST - timedelta(days=1), LAST + timedelta(days=9)]
    affected = replace(NOBODY, session_days=days)
    shorter = replace(TERMS, ends_on=LAST - timedelta(days=7))
    assert coded(shorter, affected)["sessions_outside"] == 1, "one stood outside before"


def test_grace_period_changes_which_works_are_late() -> None:
    affected = replace(NOBODY, works=[received(-1), received(2, -1), received(4, -1), received(4)])
    assert coded(replace(TERMS, grace_hours=0), affected) == {"works_late": 1}
    assert coded(replace(TERMS, grace_hours=120), affected) == {"works_on_time": 1}


def test_seats_left_are_those_that_nobody_takes() -> None:
    assert coded(replace(TERMS, capacity=10), replace(NOBODY, seated=7, people=9)) == {"seats_left": 3}


def test_people_who_know_the_place_are_to_be_told() -> None:
    assert coded(replace(TERMS, place="Roberval"), replace(NOBODY, people=9)) == {"people_know_otherwise": 9}
