"""Rules of attendance: roll calls, stages of sessions, local hours (BR-30), missed activities (S2)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.attendance.calendar.rules import (
    Stage,
    at_local,
    calendar_reasons,
    change_reasons,
    link_after,
    link_is_shown,
    place_reasons,
    stage,
)
from app.attendance.catch_ups.rules import Decision, HeldSession, list_reasons, missed
from app.attendance.roll_calls.enums import PresenceStatus
from app.attendance.roll_calls.rules import (
    ATTENDING,
    Entry,
    Schedule,
    corrected_lines,
    counted_minutes,
    minutes_there,
    moment_near,
    presence_reasons,
    roll_call_reasons,
)
from app.curricula.enums import Mode
from app.platform.errors import Reason

P = PresenceStatus
MORNING = Schedule(datetime(2026, 12, 1, 14, tzinfo=UTC), 180)
"""A session from 9:00 to noon in Alma."""


def at(clock: str) -> datetime:
    """Return a moment of that morning in Alma, five hours behind UTC."""
    return datetime.fromisoformat(f"2026-12-01T{clock}-05:00")


def codes(reasons: list[Reason]) -> list[str]:
    """Return the codes of the reasons."""
    return [r.code for r in reasons]


# Hours of arrival and departure -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "minutes"),
    [
        (Entry(1, P.PRESENT, None), 180),
        (Entry(1, P.ABSENT, None), 0),
        (Entry(1, P.EXCUSED, None), 0),
        (Entry(1, P.LATE, None), None),
        (Entry(1, P.LATE, 100), 100),
        (Entry(1, P.LATE, None, at("09:25")), 155),
        (Entry(1, P.LEFT_EARLY, None, None, at("11:00")), 120),
        (Entry(1, P.LATE, None, at("09:30"), at("11:00")), 90),
        (Entry(1, P.LATE, 60, at("09:30"), at("11:00")), 60),
    ],
)
def test_minutes_of_a_line_are_those_written_else_those_of_its_hours(entry: Entry, minutes: int | None) -> None:
    assert counted_minutes(entry, MORNING) == minutes


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry(1, P.LATE, None, at("09:25")), []),
        (Entry(1, P.LATE, 155, at("09:25")), []),
        (Entry(1, P.LATE, None), [("minutes_or_hours_needed", "entries.0.minutes")]),
        (Entry(1, P.LATE, 156, at("09:25")), [("minutes_above_hours", "entries.0.minutes")]),
        (Entry(1, P.LATE, 181), [("minutes_above_planned", "entries.0.minutes")]),
        (Entry(1, P.LATE, None, at("09:00")), [("hour_outside_session", "entries.0.arrived_at")]),
        (Entry(1, P.LEFT_EARLY, None, None, at("12:00")), [("hour_outside_session", "entries.0.left_at")]),
        (Entry(1, P.LATE, None, at("10:00"), at("10:00")), [("left_before_arriving", "entries.0.left_at")]),
        (Entry(1, P.PRESENT, 180, at("09:25")), [("hours_of_partial_presence", "entries.0.arrived_at")]),
        (Entry(1, P.ABSENT, 0, None, at("09:25")), [("hours_of_partial_presence", "entries.0.left_at")]),
    ],
)
def test_hours_that_contradict_the_presence_are_refused(entry: Entry, expected: list[tuple[str, str]]) -> None:
    assert [(r.code, r.field) for r in roll_call_reasons([entry], {1}, MORNING)] == expected


@given(st.integers(0, 300), st.integers(0, 300))
def test_minutes_there_never_exceed_the_session_nor_fall_below_none(arrived: int, left: int) -> None:
    start = MORNING.starts_at - timedelta(minutes=60)
    minutes = minutes_there(MORNING, start + timedelta(minutes=arrived), start + timedelta(minutes=left))
    assert 0 <= minutes <= min(MORNING.planned_minutes, max(0, left - arrived))


def test_clock_of_a_session_over_midnight_or_in_the_hour_that_comes_twice_is_the_nearest_moment() -> None:
    evening = Schedule(datetime(2026, 12, 1, 3, 30, tzinfo=UTC), 180)  # 22:30 to 1:30 in Alma
    assert moment_near(time(0, 15), evening, "America/Toronto") == datetime(2026, 12, 1, 5, 15, tzinfo=UTC)
    assert moment_near(time(23, 0), evening, "America/Toronto") == datetime(2026, 12, 1, 4, 0, tzinfo=UTC)
    second_hour = Schedule(datetime(2026, 11, 1, 6, 0, tzinfo=UTC), 60)  # 1:00 to 2:00, the second time
    assert moment_near(time(1, 20), second_hour, "America/Toronto") == datetime(2026, 11, 1, 6, 20, tzinfo=UTC)


def test_correction_changed_the_lines_that_differ_and_those_added_or_left_out() -> None:
    assert corrected_lines({1: "a", 2: "b", 3: "c"}, {1: "a", 2: "z", 4: "d"}) == {
        2: ("b", "z"), 3: ("c", None), 4: (None, "d"),
    }  # fmt: skip


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
def test_minutes_that_contradict_the_presence_are_refused(status: P, minutes: int, expected: list[str]) -> None:
    assert codes(presence_reasons(status, minutes, 180, "entries.0.minutes")) == expected


def test_a_roll_call_names_each_error_in_its_place() -> None:
    entries = [Entry(1, P.PRESENT, 180), Entry(1, P.PRESENT, 180), Entry(9, P.ABSENT, 0), Entry(2, P.ABSENT, 5)]
    reasons = roll_call_reasons(entries, {1, 2, 3}, MORNING)
    assert [(r.code, r.field) for r in reasons] == [
        ("twice_on_the_roll", "entries.1.enrolment_id"),
        ("not_on_the_roll", "entries.2.enrolment_id"),
        ("minutes_while_absent", "entries.3.minutes"),
        ("missing_from_the_roll", "entries"),
    ]
    assert reasons[-1].params == {"n": 1}


HOURS = st.none() | st.integers(-30, 210).map(lambda n: MORNING.starts_at + timedelta(minutes=n))
ENTRIES = st.builds(Entry, st.integers(1, 6), st.sampled_from(P), st.none() | st.integers(-5, 200), HOURS, HOURS)


@given(st.lists(ENTRIES, max_size=8), st.sets(st.integers(1, 6)))
def test_a_roll_call_that_closes_names_everyone_once_with_possible_minutes(
    entries: list[Entry], roster: set[int]
) -> None:
    if not roll_call_reasons(entries, roster, MORNING):
        assert sorted(e.enrolment_id for e in entries) == sorted(roster)
        for entry in entries:
            minutes = counted_minutes(entry, MORNING) or 0
            assert (minutes == 0) == (entry.status not in ATTENDING)
            assert 0 <= minutes <= minutes_there(MORNING, entry.arrived_at, entry.left_at) <= 180


@pytest.mark.parametrize(("cancelled", "closed", "begun"), list(product([True, False], repeat=3)))
def test_stage_of_a_session_follows_cancellation_roll_call_and_time(cancelled: bool, closed: bool, begun: bool) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    starts_at = at if begun else at + timedelta(minutes=1)
    result = stage(starts_at, at, cancelled=cancelled, closed=closed)
    expected = Stage.CANCELLED if cancelled else Stage.CALLED if closed else Stage.TO_CALL if begun else Stage.COMING
    assert result is expected


# Local hours ------------------------------------------------------------------------------------

SPRING, AUTUMN = date(2027, 3, 14), date(2026, 11, 1)


def test_local_hour_skipped_in_march_is_refused() -> None:
    assert codes(at_local(SPRING, time(2, 30), "America/Toronto")[1]) == ["hour_does_not_exist"]
    assert codes(at_local(SPRING, time(2, 30), "America/Toronto", second=True)[1]) == ["hour_does_not_exist"]
    assert at_local(SPRING, time(3), "America/Toronto") == (datetime(2027, 3, 14, 7, tzinfo=UTC), [])


def test_local_hour_repeated_in_november_needs_a_choice() -> None:
    moment, reasons = at_local(AUTUMN, time(1, 30), "America/Toronto")
    assert codes(reasons) == ["hour_comes_twice"]
    assert at_local(AUTUMN, time(1, 30), "America/Toronto", second=False) == (moment, [])
    assert at_local(AUTUMN, time(1, 30), "America/Toronto", second=True) == (moment + timedelta(hours=1), [])


def test_local_hour_of_a_zone_without_daylight_saving_is_accepted() -> None:
    assert at_local(SPRING, time(2, 30), "America/Blanc-Sablon") == (datetime(2027, 3, 14, 6, 30, tzinfo=UTC), [])
    assert at_local(AUTUMN, time(1, 30), "America/Blanc-Sablon")[1] == []


@given(
    st.dates(date(2025, 1, 1), date(2029, 12, 31)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(["America/Toronto", "America/Halifax", "America/Blanc-Sablon"]),
    st.sampled_from([None, False, True]),
)
def test_accepted_moment_has_the_local_hour_that_was_typed(
    day: date, clock: time, zone: str, second: bool | None
) -> None:
    moment, reasons = at_local(day, clock, zone, second=second)
    if not reasons:
        local = moment.astimezone(ZoneInfo(zone))
        assert (local.date(), local.time()) == (day, clock)


def test_session_far_from_its_cohorts_dates_is_refused() -> None:
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
        ([HeldSession("GEN-1.B", BEFORE, True, None)], set(), {"GEN-1.B": BEFORE}),
        ([HeldSession("GEN-1.B", BEFORE, True, None)], {"GEN-1.B"}, {}),
        ([HeldSession("GEN-1.B", AFTER, True, 0)], set(), {"GEN-1.B": AFTER}),
        (
            [HeldSession("GEN-1.B", AFTER, True, 0), HeldSession("GEN-1.B", BEFORE, True, None)],
            set(),
            {"GEN-1.B": AFTER},
        ),
        ([HeldSession("GEN-1.B", AFTER, True, 30)], set(), {}),
        ([HeldSession("GEN-1.B", AFTER, True, None)], set(), {}),
        ([HeldSession("GEN-1.B", BEFORE, True, None), HeldSession("GEN-1.B", AFTER, False, None)], set(), {}),
        ([HeldSession("GEN-1.B", BEFORE, True, None), HeldSession("GEN-1.B", AFTER, True, 180)], set(), {}),
    ],
)
def test_missed_activities_leave_out_those_attended_caught_up_or_to_come(
    sessions: list[HeldSession], caught_up: set[str], expected: dict[str, date]
) -> None:
    assert missed(sessions, caught_up, JOINED) == expected


# Venues and meeting links ------------------------------------------------------------------------

START = datetime(2026, 12, 1, 18, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "is_shown"),
    [
        (START - timedelta(hours=24) - SECOND, False),
        (START - timedelta(hours=24), True),
        (START, True),
        (START + timedelta(hours=5), True),
        (START + timedelta(hours=5) + SECOND, False),
    ],
)
def test_meeting_link_is_shown_from_a_day_before_until_two_hours_after_the_planned_end(
    at: datetime, *, is_shown: bool
) -> None:
    assert link_is_shown(START, 180, at, cancelled=False) is is_shown
    assert not link_is_shown(START, 180, at, cancelled=True)


@pytest.mark.parametrize(
    ("mode", "has_venue", "link", "expected"),
    [
        (Mode.onsite, True, None, []),
        (Mode.hybrid, True, "https://visio.example/j/815?pwd=a", []),
        (Mode.online, False, "https://visio.example:8443/j", []),
        (Mode.online, True, None, ["venue_online"]),
        (Mode.onsite, True, "https://visio.example/j", ["meeting_link_onsite"]),
        (Mode.online, False, "http://visio.example/j", ["meeting_link_not_https"]),
        (Mode.online, False, "visio.example/j", ["meeting_link_not_https"]),
        (Mode.online, False, "javascript:alert(1)", ["meeting_link_not_https"]),
        (Mode.online, False, "https://", ["meeting_link_not_https"]),
        (Mode.online, False, "https://local/j", ["meeting_link_not_https"]),
        (Mode.online, False, "https://moi:secret@visio.example/j", ["meeting_link_not_https"]),
        (Mode.online, False, "https://visio.example:99999/j", ["meeting_link_not_https"]),
        (Mode.online, False, "https://visio.example/a b", ["meeting_link_not_https"]),
        (Mode.online, False, "https://[::1/j", ["meeting_link_not_https"]),
    ],
)
def test_venue_and_meeting_link_follow_the_mode_of_the_session(
    mode: Mode, *, has_venue: bool, link: str | None, expected: list[str]
) -> None:
    assert codes(place_reasons(mode, has_venue=has_venue, link=link)) == expected


@pytest.mark.parametrize(
    ("called", "cancelled", "expected"),
    [
        (False, False, []),
        (True, False, ["session_called"]),
        (False, True, ["session_cancelled"]),
        (True, True, ["session_cancelled"]),
    ],
)
def test_session_is_moved_until_its_roll_is_called(*, called: bool, cancelled: bool, expected: list[str]) -> None:
    assert codes(change_reasons(called=called, cancelled=cancelled)) == expected


# The list of someone who joined late ------------------------------------------------------------

DAY = date(2026, 10, 5)
LATER = date(2026, 10, 19)


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([Decision("GEN-1.B", LATER, None), Decision("GEN-2.B", None, "Déjà suivi.")], []),
        ([Decision("GEN-1.B", LATER, None)], [("left_out_of_list", "items")]),
        ([], [("left_out_of_list", "items"), ("left_out_of_list", "items")]),
        (
            [Decision("GEN-1.B", LATER, "Les deux."), Decision("GEN-2.B", None, None)],
            [("due_or_waived", "items.0.due_on"), ("due_or_waived", "items.1.due_on")],
        ),
        (
            [Decision("GEN-1.B", DAY - timedelta(days=1), None), Decision("GEN-2.B", DAY, None)],
            [("due_in_past", "items.0.due_on")],
        ),
        (
            [Decision("GEN-1.B", LATER, None), Decision("GEN-2.B", LATER, None), Decision("GEN-1.B", None, "Non.")],
            [("twice_in_the_list", "items.2.activity_code")],
        ),
        (
            [Decision("GEN-1.B", LATER, None), Decision("GEN-2.B", LATER, None), Decision("GEN-7.A", LATER, None)],
            [("not_missed", "items.2.activity_code")],
        ),
        (
            [Decision("GEN-1.B", LATER, None), Decision("GEN-2.B", LATER, None), Decision("GEN-3.B", None, "Non.")],
            [],
        ),
    ],
)
def test_list_of_catch_ups_is_decided_as_a_whole(decisions: list[Decision], expected: list[tuple[str, str]]) -> None:
    reasons = list_reasons(decisions, {"GEN-1.B", "GEN-2.B"}, {"GEN-3.B"}, DAY)
    assert [(r.code, r.field) for r in reasons] == expected


@pytest.mark.parametrize(
    ("link", "given", "mode", "is_removed", "expected"),
    [
        ("https://a.example", None, Mode.online, False, "https://a.example"),
        ("https://a.example", "https://b.example", Mode.hybrid, False, "https://b.example"),
        ("https://a.example", None, Mode.hybrid, True, None),
        ("https://a.example", None, Mode.onsite, False, None),
        (None, None, Mode.online, False, None),
    ],
)
def test_changed_session_keeps_its_link_unless_it_is_given_another_removed_or_held_in_a_room(
    link: str | None, given: str | None, mode: Mode, is_removed: bool, expected: str | None
) -> None:
    assert link_after(link, given, mode, is_removed=is_removed) == expected
