"""Rules of cohorts: moves (BR-04), joining late (S2), roll calls, local hours (BR-30), what was missed."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.attendance.calendar.rules import Stage, at_local, calendar_reasons, stage
from app.attendance.catch_ups.rules import Met, missed
from app.attendance.roll_calls.enums import PresenceStatus
from app.attendance.roll_calls.rules import ATTENDING, Entry, presence_reasons, roll_call_reasons
from app.cohorts.enums import EnrolmentState
from app.cohorts.rules import MOVES, NEEDS_REASON, admission_reasons, late_join_limit, move_reasons
from app.platform.errors import Reason

S, P = EnrolmentState, PresenceStatus
BEGUN = frozenset({S.ACTIVE, S.COMPLETED, S.ON_LEAVE, S.INCOMPLETE, S.TRANSFERRED, S.FAILED})
ENDS = frozenset({S.COMPLETED, S.REFUSED, S.WITHDRAWN, S.TRANSFERRED, S.FAILED})


def codes(reasons: list[Reason]) -> list[str]:
    """Their codes alone."""
    return [r.code for r in reasons]


# Moves ------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(S), st.booleans()), max_size=30))
def test_any_sequence_of_moves_stays_within_the_states_of_br_04(asked: list[tuple[S, bool]]) -> None:
    path = [S.APPLIED]
    for to, says_why in asked:
        if not move_reasons(path[-1], to, "Une raison." if says_why else None):
            path.append(to)
    for place, state in enumerate(path):
        before = path[:place]
        assert not ENDS & set(before), "nothing follows an end"
        if state in BEGUN:
            assert S.ADMITTED in before, "nobody follows a cohort without having been admitted"
        if state in BEGUN - {S.ACTIVE}:
            assert S.ACTIVE in before


@given(st.sampled_from(S), st.sampled_from(S))
def test_a_move_is_allowed_or_says_exactly_one_thing(current: S, to: S) -> None:
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
    found = admission_reasons(
        seated=seated, capacity=8, joins_on=limit + timedelta(days=days_late), limit=limit, exception=exception
    )
    assert codes(found) == expected


# Roll calls -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "minutes", "expected"),
    [
        (P.PRESENT, 180, []),
        (P.LATE, 1, []),
        (P.LEFT_EARLY, 0, ["present_without_minutes"]),
        (P.PRESENT, 181, ["minutes_above_planned"]),
        (P.ABSENT, 0, []),
        (P.EXCUSED, 10, ["minutes_while_absent"]),
    ],
)
def test_minutes_agree_with_the_presence(status: P, minutes: int, expected: list[str]) -> None:
    assert codes(presence_reasons(status, minutes, 180, "entries.0.minutes")) == expected


def test_a_roll_call_names_each_error_in_its_place() -> None:
    entries = [Entry(1, P.PRESENT, 180), Entry(1, P.PRESENT, 180), Entry(9, P.ABSENT, 0), Entry(2, P.ABSENT, 5)]
    found = roll_call_reasons(entries, {1, 2, 3}, 180)
    assert [(r.code, r.field) for r in found] == [
        ("twice_on_the_roll", "entries.1.enrolment_id"),
        ("not_on_the_roll", "entries.2.enrolment_id"),
        ("minutes_while_absent", "entries.3.minutes"),
        ("missing_from_the_roll", "entries"),
    ]
    assert found[-1].params == {"n": 1}


ENTRIES = st.builds(Entry, st.integers(1, 6), st.sampled_from(P), st.integers(-5, 200))


@given(st.lists(ENTRIES, max_size=8), st.sets(st.integers(1, 6)))
def test_a_roll_call_that_closes_names_everyone_once_with_possible_minutes(
    entries: list[Entry], roster: set[int]
) -> None:
    if not roll_call_reasons(entries, roster, 180):
        assert sorted(e.enrolment_id for e in entries) == sorted(roster)
        assert all((e.minutes == 0) == (e.status not in ATTENDING) and 0 <= e.minutes <= 180 for e in entries)


@pytest.mark.parametrize(("cancelled", "closed", "begun"), list(product([True, False], repeat=3)))
def test_where_a_session_stands(cancelled: bool, closed: bool, begun: bool) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    starts_at = at if begun else at + timedelta(minutes=1)
    found = stage(starts_at, at, cancelled=cancelled, closed=closed)
    expected = Stage.CANCELLED if cancelled else Stage.CALLED if closed else Stage.TO_CALL if begun else Stage.COMING
    assert found is expected


# Local hours ------------------------------------------------------------------------------------

SPRING, AUTUMN = date(2027, 3, 14), date(2026, 11, 1)


def test_the_hour_that_march_leaves_out_is_refused() -> None:
    assert codes(at_local(SPRING, time(2, 30), "America/Toronto")[1]) == ["hour_does_not_exist"]
    assert codes(at_local(SPRING, time(2, 30), "America/Toronto", second=True)[1]) == ["hour_does_not_exist"]
    assert at_local(SPRING, time(3), "America/Toronto") == (datetime(2027, 3, 14, 7, tzinfo=UTC), [])


def test_the_hour_that_november_doubles_needs_a_choice() -> None:
    moment, reasons = at_local(AUTUMN, time(1, 30), "America/Toronto")
    assert codes(reasons) == ["hour_comes_twice"]
    assert at_local(AUTUMN, time(1, 30), "America/Toronto", second=False) == (moment, [])
    assert at_local(AUTUMN, time(1, 30), "America/Toronto", second=True) == (moment + timedelta(hours=1), [])


def test_a_place_that_never_changes_its_clock_has_every_hour_once() -> None:
    assert at_local(SPRING, time(2, 30), "America/Blanc-Sablon") == (datetime(2027, 3, 14, 6, 30, tzinfo=UTC), [])
    assert at_local(AUTUMN, time(1, 30), "America/Blanc-Sablon")[1] == []


@given(
    st.dates(date(2025, 1, 1), date(2029, 12, 31)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(["America/Toronto", "America/Halifax", "America/Blanc-Sablon"]),
    st.sampled_from([None, False, True]),
)
def test_a_moment_that_is_accepted_shows_the_hour_that_was_typed(
    day: date, clock: time, zone: str, second: bool | None
) -> None:
    moment, reasons = at_local(day, clock, zone, second=second)
    if not reasons:
        shown = moment.astimezone(ZoneInfo(zone))
        assert (shown.date(), shown.time()) == (day, clock)


def test_a_session_stands_near_its_cohort() -> None:
    starts_on, ends_on = date(2026, 1, 5), date(2026, 4, 5)
    assert calendar_reasons(date(2026, 1, 5), starts_on, ends_on) == []
    assert calendar_reasons(ends_on + timedelta(weeks=8), starts_on, ends_on) == []
    assert codes(calendar_reasons(date(2062, 2, 1), starts_on, ends_on)) == ["session_far_from_cohort"]
    assert codes(calendar_reasons(date(2025, 2, 1), starts_on, ends_on)) == ["session_far_from_cohort"]


# What was missed --------------------------------------------------------------------------------

JOINED = date(2026, 2, 1)
BEFORE, AFTER = JOINED - timedelta(days=7), JOINED + timedelta(days=7)


@pytest.mark.parametrize(
    ("sessions", "caught_up", "expected"),
    [
        ([], set(), {}),
        ([Met("GEN-1.B", BEFORE, True, None)], set(), {"GEN-1.B": BEFORE}),
        ([Met("GEN-1.B", BEFORE, True, None)], {"GEN-1.B"}, {}),
        ([Met("GEN-1.B", AFTER, True, 0)], set(), {"GEN-1.B": AFTER}),
        ([Met("GEN-1.B", AFTER, True, 0), Met("GEN-1.B", BEFORE, True, None)], set(), {"GEN-1.B": AFTER}),
        ([Met("GEN-1.B", AFTER, True, 30)], set(), {}),
        ([Met("GEN-1.B", AFTER, True, None)], set(), {}),
        ([Met("GEN-1.B", BEFORE, True, None), Met("GEN-1.B", AFTER, False, None)], set(), {}),
        ([Met("GEN-1.B", BEFORE, True, None), Met("GEN-1.B", AFTER, True, 180)], set(), {}),
    ],
)
def test_what_was_missed_for_good(sessions: list[Met], caught_up: set[str], expected: dict[str, date]) -> None:
    assert missed(sessions, caught_up, JOINED) == expected
