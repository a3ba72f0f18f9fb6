"""Rules of enrolments: changes of state (BR-04), admission and joining late (S2)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohorts.enums import EnrolmentState
from app.cohorts.rules import (
    BACK,
    MOVES,
    NEEDS_REASON,
    admission_exceptions,
    admission_reasons,
    allowed_moves,
    apply_reasons,
    condition_exceptions,
    late_join_limit,
    move_reasons,
    takes_two,
)
from app.platform.errors import Reason

S = EnrolmentState
BEGUN = frozenset({S.ACTIVE, S.COMPLETED, S.ON_LEAVE, S.INCOMPLETE, S.TRANSFERRED, S.FAILED})


def codes(reasons: list[Reason]) -> list[str]:
    """Return the codes of the reasons."""
    return [r.code for r in reasons]


# Moves ------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(S), st.booleans()), max_size=30))
def test_any_sequence_of_moves_stays_within_the_states_of_br_04(requests: list[tuple[S, bool]]) -> None:
    path, begun = [S.APPLIED], False
    for to, has_reason in requests:
        if not move_reasons(path[-1], to, "Une raison." if has_reason else None, begun=begun):
            path.append(to)
            begun = to is S.ACTIVE or (begun and to is not S.ADMITTED)
    for index, state in enumerate(path):
        before = path[:index]
        if state in BEGUN:
            assert S.ADMITTED in before, "nobody follows a cohort without having been admitted"
        if state in BEGUN - {S.ACTIVE}:
            assert S.ACTIVE in before


@given(st.sampled_from(S), st.booleans())
def test_application_is_made_again_only_by_who_left_before_they_began(current: S, begun: bool) -> None:
    left = current in {S.REFUSED, S.DECLINED, S.WITHDRAWN}
    expected = ["had_begun"] if left and begun else [] if left else ["already_applied"]
    assert codes(apply_reasons(current, begun=begun)) == expected
    assert apply_reasons(None, begun=False) == []


@given(st.sampled_from(S), st.sampled_from(S), st.booleans())
def test_move_between_any_states_is_allowed_or_has_exactly_one_reason(current: S, to: S, begun: bool) -> None:
    with_reason = move_reasons(current, to, "Une raison.", begun=begun)
    without = move_reasons(current, to, None, begun=begun)
    assert allowed_moves(current, begun=begun) <= MOVES[current]
    if to not in allowed_moves(current, begun=begun):
        assert codes(with_reason) == codes(without) == ["move_not_allowed"]
    else:
        assert with_reason == []
        needs = to in NEEDS_REASON or to in BACK.get(current, frozenset())
        assert codes(without) == (["reason_needed"] if needs else [])


@pytest.mark.parametrize("state", [S.WITHDRAWN, S.TRANSFERRED])
def test_who_had_begun_returns_as_active_and_who_had_not_as_they_were(state: S) -> None:
    assert allowed_moves(state, begun=True) <= {S.ACTIVE}
    assert S.ACTIVE not in allowed_moves(state, begun=False)


def test_completion_without_eligibility_and_its_reopening_take_two() -> None:
    assert takes_two(S.ACTIVE, S.COMPLETED, eligible=False)
    assert takes_two(S.COMPLETED, S.ACTIVE, eligible=True)
    assert not takes_two(S.ACTIVE, S.COMPLETED, eligible=True)
    assert takes_two(S.ACTIVE, S.FAILED, eligible=False)


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(S)
    assert all(MOVES[state] for state in S), "a late wrong click is not for ever"


# Joining ----------------------------------------------------------------------------------------


def test_the_last_day_to_join_is_a_share_of_the_calendar() -> None:
    assert late_join_limit(date(2026, 1, 1), date(2026, 4, 11), 25) == date(2026, 1, 26)
    assert late_join_limit(date(2026, 1, 1), date(2026, 4, 11), 0) == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("seated", "days_late", "passed_over", "reason", "expected"),
    [
        (7, 0, 0, None, []),
        (8, 0, 0, None, ["cohort_full"]),
        (9, 0, 0, "Une exception.", ["cohort_full"]),
        (7, 1, 0, None, ["too_late_to_join"]),
        (7, 1, 0, "", ["too_late_to_join"]),
        (7, 1, 0, "Une exception.", []),
        (8, 1, 0, None, ["cohort_full", "too_late_to_join"]),
        (7, 0, 1, None, ["waitlist_first"]),
        (7, 1, 3, None, ["too_late_to_join", "waitlist_first"]),
        (7, 1, 3, "Une exception.", []),
    ],
)
def test_admission_needs_a_seat_to_be_in_time_and_ones_turn(
    seated: int, days_late: int, passed_over: int, reason: str | None, expected: list[str]
) -> None:
    limit = date(2026, 2, 1)
    exceptions = admission_exceptions(joins_on=limit + timedelta(days=days_late), limit=limit, passed_over=passed_over)
    assert codes(admission_reasons(seated=seated, capacity=8, exceptions=exceptions, reason=reason)) == expected


@given(st.sampled_from(S), st.sampled_from(S), st.booleans())
def test_condition_of_the_path_is_an_exception_once_when_an_application_is_answered(
    current: S, to: S, meets: bool
) -> None:
    is_answer = current is S.APPLIED and to in {S.ADMITTED, S.WAITLISTED}
    assert codes(condition_exceptions(current, to, meets=meets)) == (
        ["condition_unmet"] if is_answer and not meets else []
    )
