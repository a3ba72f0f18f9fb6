"""Rules of field hours: half-hours, the mandate, the plan (BR-03, BR-06), the countersignature."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accompaniment.field_hours.rules import (
    HALF_HOUR,
    MINUTES_A_DAY,
    choices_of_minutes,
    countersign_reasons,
    hours_reasons,
    mandate_reasons,
    minutes_left,
)
from app.curricula.library import default_library
from app.learning.activities.rules import ActivityContext
from app.platform.errors import Reason
from app.progress.schemas import ActivityProgress, State, StoredReason

GENERALIST = default_library().curriculum("generaliste", "1.0")
START = date(2026, 9, 7)
TODAY = date(2026, 11, 22)
ABOVE = ("hours_above_plan", "minutes")
UNEVEN = ("hours_not_in_half_hours", "minutes")


def context(code: str, state: State = State.OPEN) -> ActivityContext:
    """Return the context of an activity in a state of progress."""
    activity = GENERALIST.activity(code)
    why = (StoredReason(code="prerequisite_missing", params={"module": "GEN-3"}),)
    progress = ActivityProgress(
        code=code,
        state=state,
        planned_minutes=activity.minutes,
        recognised_minutes=0,
        why=why if state is State.LOCKED else (),
    )
    return ActivityContext(activity, progress, START, TODAY)


def codes(reasons: list[Reason]) -> list[tuple[str, str | None]]:
    """Return the code and field of each reason."""
    return [(r.code, r.field) for r in reasons]


def hours_codes(
    activity: ActivityContext, minutes: int, counted: int, day: date = TODAY
) -> list[tuple[str, str | None]]:
    return codes(hours_reasons(activity, minutes=minutes, worked_on=day, counted=counted))


def test_hours_are_declared_for_field_activities_within_their_plan() -> None:
    """BR-06: GEN-8.A is planned for 180 minutes."""
    assert hours_codes(context("GEN-1.A"), 60, 0) == [("not_a_field_activity", "activity_code")]
    assert hours_codes(context("GEN-8.A", State.LOCKED), 60, 0) == [("activity_locked", "activity_code")]
    assert hours_codes(context("GEN-8.A"), 180, 0) == []
    assert hours_codes(context("GEN-8.A"), 60, 120) == []
    assert hours_codes(context("GEN-8.A"), 61, 120) == [ABOVE], "what the plan leaves is said first"
    assert hours_codes(context("GEN-8.A"), 1, 180, TODAY + timedelta(days=1)) == [
        ("date_in_the_future", "worked_on"),
        ABOVE,
    ]


@pytest.mark.parametrize(
    ("minutes", "counted", "expected"),
    [
        (30, 0, []),
        (90, 0, []),
        (1, 0, [UNEVEN]),
        (45, 0, [UNEVEN]),
        (15, 165, []),
        (135, 45, []),
        (105, 45, [UNEVEN]),
    ],
)
def test_hours_come_in_half_hours_or_are_all_that_the_plan_leaves(
    minutes: int, counted: int, expected: list[tuple[str, str | None]]
) -> None:
    assert hours_codes(context("GEN-8.A"), minutes, counted) == expected


@given(st.integers(0, 3000))
def test_each_duration_that_is_offered_may_be_declared_and_no_other(left: int) -> None:
    offered = choices_of_minutes(left)
    assert offered == sorted(set(offered))
    assert all(0 < minutes <= min(left, MINUTES_A_DAY) for minutes in offered)
    assert {m for m in range(1, min(left, MINUTES_A_DAY) + 1) if m % HALF_HOUR == 0 or m == left} == set(offered)


def test_minutes_left_are_never_negative() -> None:
    assert [minutes_left(GENERALIST.activity("GEN-8.A"), counted) for counted in (0, 150, 180, 500)] == [180, 30, 0, 0]


@pytest.mark.parametrize(
    ("mandate_id", "own", "expected"),
    [
        (None, (), []),
        (4, (4, 9), []),
        (None, (4,), [("mandate_needed", "mandate_id")]),
        (5, (4,), [("unknown_mandate", "mandate_id")]),
        (5, (), [("unknown_mandate", "mandate_id")]),
    ],
)
def test_hours_name_a_mandate_of_the_enrolment_as_soon_as_it_has_one(
    mandate_id: int | None, own: tuple[int, ...], expected: list[tuple[str, str | None]]
) -> None:
    assert codes(mandate_reasons(mandate_id, own)) == expected


def test_hours_above_plan_reason_holds_the_minutes_left() -> None:
    over_by_30 = hours_reasons(context("GEN-8.A"), minutes=90, worked_on=TODAY, counted=120)
    assert dict(over_by_30[0].params) == {"planned_minutes": 180, "left_minutes": 60}
    over = hours_reasons(context("GEN-8.A"), minutes=90, worked_on=TODAY, counted=500)
    assert over[0].params["left_minutes"] == 0


@pytest.mark.parametrize(
    ("accepted", "reason", "supersedes", "own", "counted", "expected"),
    [
        (True, None, False, False, 0, []),
        (True, None, False, False, 120, []),
        (True, None, False, False, 121, [("hours_above_plan", "minutes")]),
        (False, "Doublon", False, False, 500, []),
        (False, None, False, False, 0, [("reason_needed", "reason")]),
        (True, None, True, False, 0, [("reason_needed", "reason")]),
        (True, "Vérifié", True, False, 0, []),
        (True, None, False, True, 0, [("own_hours", None)]),
        (False, None, False, True, 0, [("own_hours", None), ("reason_needed", "reason")]),
    ],
)
def test_countersign_reasons_by_decision(
    *,
    accepted: bool,
    reason: str | None,
    supersedes: bool,
    own: bool,
    counted: int,
    expected: list[tuple[str, str | None]],
) -> None:
    reasons = countersign_reasons(
        GENERALIST.activity("GEN-8.A"),
        accepted=accepted,
        reason=reason,
        supersedes=supersedes,
        own=own,
        minutes=60,
        counted=counted,
    )
    assert codes(reasons) == expected
