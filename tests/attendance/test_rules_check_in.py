"""Rules of self check-in: the code of a moment, the time in which it is taken, the presence that it proposes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.attendance.check_ins.rules import (
    CODE_DIGITS,
    MODES,
    STEP_SECONDS,
    closed_reasons,
    code_at,
    is_code_of,
    is_time_to_check_in,
    proposed_presence,
    seconds_left,
)
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.rules import Entry, Schedule, roll_call_reasons
from app.curricula.enums import GROUP_MODES

SECRET, OTHER = "JBSWY3DPEHPK3PXP" * 2, "JBSWY3DPEHPK3PXQ" * 2
MORNING = Schedule(datetime(2026, 12, 1, 14, tzinfo=UTC), 180)
STEP = timedelta(seconds=STEP_SECONDS)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - st adds it


@given(MOMENTS)
def test_code_is_taken_in_its_step_and_the_next_and_in_no_other(shown_at: datetime) -> None:
    start = shown_at - timedelta(seconds=STEP_SECONDS - seconds_left(shown_at), microseconds=shown_at.microsecond)
    code = code_at(SECRET, shown_at)
    assert len(code) == CODE_DIGITS
    assert code.isdigit()
    codes = {n: code_at(SECRET, start + n * STEP) for n in (-2, -1, 1, 2)}
    taken = [n for n in (-2, -1, 0, 1, 2, 3) if is_code_of(SECRET, code, start + n * STEP)]
    assert {0, 1} <= set(taken)
    if code not in codes.values():  # two steps have the same code once in a million
        assert taken == [0, 1]


def test_code_of_another_opening_or_another_length_is_not_taken() -> None:
    at = MORNING.starts_at
    for typed in (code_at(OTHER, at), "", "12345", code_at(SECRET, at) + "0", "é" * CODE_DIGITS):
        assert not is_code_of(SECRET, typed, at)


@given(MOMENTS)
def test_code_changes_when_the_seconds_left_are_over(at: datetime) -> None:
    left = seconds_left(at)
    assert 1 <= left <= STEP_SECONDS
    assert seconds_left(at + timedelta(seconds=left)) == STEP_SECONDS


@pytest.mark.parametrize(
    ("minutes", "is_time"), [(-31, False), (-30, True), (0, True), (179, True), (180, False), (600, False)]
)
def test_check_in_is_from_half_an_hour_before_the_start_to_the_planned_end(minutes: int, is_time: bool) -> None:
    at = MORNING.starts_at + timedelta(minutes=minutes)
    assert is_time_to_check_in(MORNING, at) == is_time
    reasons = closed_reasons(MORNING, at, cancelled=False, called=False)
    assert [r.code for r in reasons] == ([] if is_time else ["check_in_not_now"])


def test_cancelled_or_called_session_takes_no_check_in() -> None:
    at = MORNING.starts_at
    assert [r.code for r in closed_reasons(MORNING, at, cancelled=True, called=True)] == ["session_cancelled"]
    assert [r.code for r in closed_reasons(MORNING, at, cancelled=False, called=True)] == ["check_in_roll_called"]


@pytest.mark.parametrize(
    ("seconds", "grace", "status", "minute"),
    [
        (-1800, 10, PresenceStatus.PRESENT, None),
        (0, 0, PresenceStatus.PRESENT, None),
        (59, 0, PresenceStatus.PRESENT, None),
        (60, 0, PresenceStatus.LATE, 1),
        (659, 10, PresenceStatus.PRESENT, None),
        (660, 10, PresenceStatus.LATE, 11),
        (10_799, 10, PresenceStatus.LATE, 179),
    ],
)
def test_check_in_after_the_grace_is_late_from_its_minute(
    seconds: int, grace: int, status: PresenceStatus, minute: int | None
) -> None:
    presence = proposed_presence(MORNING.starts_at + timedelta(seconds=seconds), MORNING, grace)
    arrived_at = None if minute is None else MORNING.starts_at + timedelta(minutes=minute)
    assert presence == (status, arrived_at)


@given(st.integers(-1800, 10_799), st.integers(0, 60))
def test_proposed_presence_is_one_that_a_roll_call_takes(seconds: int, grace: int) -> None:
    presence = proposed_presence(MORNING.starts_at + timedelta(seconds=seconds), MORNING, grace)
    entry = Entry(1, presence.status, None, presence.arrived_at)
    assert roll_call_reasons([entry], {1}, MORNING) == []


def test_every_session_of_a_group_can_be_attended_by_telephone() -> None:
    assert set(MODES) == GROUP_MODES
    assert all(modes[-1] is PresenceMode.PHONE for modes in MODES.values())
