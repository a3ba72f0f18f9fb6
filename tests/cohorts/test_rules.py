"""Rules of enrolments: changes of state (BR-04), admission and joining late (S2)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohorts.enums import EnrolmentState
from app.cohorts.rules import MOVES, NEEDS_REASON, admission_reasons, late_join_limit, move_reasons
from app.platform.errors import Reason

S = EnrolmentState
BEGUN = frozenset({S.ACTIVE, S.COMPLETED, S.ON_LEAVE, S.INCOMPLETE, S.TRANSFERRED, S.FAILED})
ENDS = frozenset({S.COMPLETED, S.REFUSED, S.WITHDRAWN, S.TRANSFERRED, S.FAILED})


def codes(reasons: list[Reason]) -> list[str]:
    """Return the codes of the reasons."""
    return [r.code for r in reasons]


# Moves ------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(S), st.booleans()), max_size=30))
def test_any_sequence_of_moves_stays_within_the_states_of_br_04(requests: list[tuple[S, bool]]) -> None:
    path = [S.APPLIED]
    for to, has_reason in requests:
        if not move_reasons(path[-1], to, "Une raison." if has_reason else None):
            path.append(to)
    for index, state in enumerate(path):
        before = path[:index]
        assert not ENDS & set(before), "nothing follows an end"
        if state in BEGUN:
            assert S.ADMITTED in before, "nobody follows a cohort without having been admitted"
        if state in BEGUN - {S.ACTIVE}:
            assert S.ACTIVE in before


@given(st.sampled_from(S), st.sampled_from(S))
def test_move_between_any_states_is_allowed_or_has_exactly_one_reason(current: S, to: S) -> None:
    with_reason, without = move_reasons(current, to, "Une raison."), move_reasons(current, to, None)
    if to not in MOVES[current]:
        assert codes(with_reason) == codes(without) == ["move_not_allowed"]
    else:
        assert with_reason == []
        assert codes(without) == (["reason_needed"] if to in NEEDS_REASON else [])


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(S)
    assert {state for state in S if not MOVES[state]} == ENDS


# Joining ----------------------------------------------------------------------------------------


def test_the_last_day_to_join_is_a_share_of_the_calendar() -> None:
    assert late_join_limit(date(2026, 1, 1), date(2026, 4, 11), 25) == date(2026, 1, 26)
    assert late_join_limit(date(2026, 1, 1), date(2026, 4, 11), 0) == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("seated", "days_late", "exception", "expected"),
    [
        (7, 0, None, []),
        (8, 0, None, ["cohort_full"]),
        (9, 0, "Une exception.", ["cohort_full"]),
        (7, 1, None, ["too_late_to_join"]),
        (7, 1, "", ["too_late_to_join"]),
        (7, 1, "Une exception.", []),
        (8, 1, None, ["cohort_full", "too_late_to_join"]),
    ],
)
def test_admission_needs_a_seat_and_to_be_in_time(
    seated: int, days_late: int, exception: str | None, expected: list[str]
) -> None:
    limit = date(2026, 2, 1)
    reasons = admission_reasons(
        seated=seated, capacity=8, joins_on=limit + timedelta(days=days_late), limit=limit, exception=exception
    )
    assert codes(reasons) == expected
