"""Rules of a session as it happens: its state is the fold of its events, and its record follows from it (S4, BR-10)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.attendance.roll_calls.enums import PresenceStatus
from app.codev.live.agenda import MINUTE, agenda, consultation_at
from app.codev.live.enums import LiveAction as A
from app.codev.live.enums import LivePhase, Tone
from app.codev.live.proposal import presences, turns
from app.codev.live.rules import Done, Planned, State, allowed, command_reasons, effective, fold, tone_of
from app.codev.protocols.enums import SessionPart, Variant
from app.codev.protocols.library import codev_library
from app.codev.records.enums import TurnReason, TurnStatus

PROTOCOL = codev_library().newest_protocol
START = datetime(2026, 11, 27, 18, tzinfo=UTC)
PLAN = (Planned(1, 11, 12), Planned(2, 13, 14))
MEMBERS = (11, 12, 13, 14, 15, 16)


def after(minutes: float) -> datetime:
    """Return a moment of the session."""
    return START + timedelta(minutes=minutes)


def done(*steps: tuple[float, A] | tuple[float, A, int | None] | tuple[float, A, None, TurnReason]) -> list[Done]:
    """Return events, each by its minute."""
    return [Done(step[1], after(step[0]), *step[2:]) for step in steps]


def state(*steps: tuple[float, A] | tuple[float, A, int | None] | tuple[float, A, None, TurnReason]) -> State:
    """Return the state of a session of two consultations after events."""
    return fold(PROTOCOL, PLAN, done(*steps))


def test_agenda_holds_the_parts_of_the_session_and_the_steps_of_each_consultation() -> None:
    slots = agenda(PROTOCOL, {1: Variant.STANDARD, 2: Variant.EXPRESS})
    parts = [slot.part for slot in slots if slot.step in {None, 0}]
    of = SessionPart
    assert parts == [of.OPENING, of.FOLLOW_UP, of.CONSULTATION, of.BREAK, of.CONSULTATION, of.CLOSING]
    assert sum(slot.seconds for slot in slots) == 180 * MINUTE, "a session of three hours, its break included"
    assert [s.seconds // MINUTE for s in slots if s.position == 1] == [8, 15, 5, 22, 8, 7]
    assert of.BREAK not in [s.part for s in agenda(PROTOCOL, {1: Variant.STANDARD})]
    assert [s.position for s in agenda(PROTOCOL, dict.fromkeys((1, 2, 3), Variant.STANDARD)) if s.step == 0] == [
        1,
        2,
        3,
    ]
    assert consultation_at(slots, None) == 1
    assert consultation_at(slots, len(slots) - 1) is None


def test_session_without_planned_roles_has_one_consultation() -> None:
    assert fold(PROTOCOL, (), ()).turns == {1: Planned(1)}
    assert fold(PROTOCOL, (), ()).phase is LivePhase.WAITING


def test_clock_counts_the_step_without_its_pauses() -> None:
    played = state((0, A.START), (4, A.PAUSE), (9, A.RESUME))
    assert played.left(after(10)) == 5 * MINUTE
    assert state((0, A.START), (4, A.PAUSE)).left(after(60)) == 6 * MINUTE
    assert state((0, A.START)).left(after(12)) == -2 * MINUTE
    assert state().left(after(0)) is None


def test_planned_and_actual_minutes_of_each_step_are_kept() -> None:
    played = state((0, A.START), (12, A.NEXT), (30, A.NEXT), (40, A.PAUSE), (50, A.NEXT), (60, A.FINISH))
    assert [played.spent_on(n, after(90)) / MINUTE for n in range(4)] == [12, 18, 10, 10]
    assert played.phase is LivePhase.FINISHED


@pytest.mark.parametrize(
    ("left", "tone"),
    [(121, Tone.CALM), (120, Tone.AMBER), (31, Tone.AMBER), (30, Tone.RED), (0, Tone.RED), (-5, Tone.RED)],
)
def test_tone_is_amber_at_a_fifth_left_and_red_at_a_twentieth(left: int, tone: Tone) -> None:
    assert tone_of(left, 600) is tone


def test_minute_moves_between_a_step_and_the_next_one() -> None:
    more = state((0, A.START), (1, A.MORE), (1, A.MORE))
    assert (more.seconds_of(0), more.seconds_of(1)) == (12 * MINUTE, 18 * MINUTE)
    less = state((0, A.START), (1, A.LESS))
    assert (less.seconds_of(0), less.seconds_of(1)) == (9 * MINUTE, 21 * MINUTE)
    all_given = state((0, A.START), *[(1, A.LESS)] * 9)
    assert A.LESS not in allowed(all_given, done((0, A.START))), "a step keeps a minute"
    all_taken = state((0, A.START), *[(1, A.MORE)] * 19)
    assert A.MORE not in allowed(all_taken, done((0, A.START)))


def test_undo_takes_the_last_thing_done_back_and_the_clock_goes_on() -> None:
    events = done((0, A.START), (5, A.NEXT), (6, A.UNDO))
    assert fold(PROTOCOL, PLAN, events).left(after(7)) == 3 * MINUTE
    assert effective(done((0, A.START), (1, A.UNDO), (2, A.UNDO))) == []
    finished = done((0, A.START), (9, A.FINISH))
    assert allowed(fold(PROTOCOL, PLAN, finished), finished) == (A.UNDO,)
    assert fold(PROTOCOL, PLAN, [*finished, *done((10, A.UNDO))]).phase is LivePhase.UNDERWAY


def test_reserve_takes_the_turn_before_the_second_step_and_the_protocol_may_be_express() -> None:
    swapped = state((-15, A.SWAP, None, TurnReason.ABSENCE), (-14, A.EXPRESS))
    assert swapped.turns[1] == Planned(1, 12, 11)
    assert swapped.variants == {1: Variant.EXPRESS, 2: Variant.STANDARD}
    late = state((0, A.START), (1, A.NEXT), (2, A.NEXT), (3, A.NEXT))
    assert not {A.SWAP, A.EXPRESS} & set(allowed(late, done((0, A.START))))
    nobody = fold(PROTOCOL, (Planned(1, 11),), ())
    assert A.SWAP not in allowed(nobody, ())
    moved = state((0, A.START), (1, A.NEXT), (1, A.NEXT), (1, A.MORE), (1, A.EXPRESS))
    assert moved.seconds_of(2) == moved.slots[2].seconds, "the steps of another protocol have their own minutes"


def test_client_who_leaves_before_the_fifth_step_postpones_the_consultation() -> None:
    played = state((0, A.START), (1, A.NEXT_CONSULTATION), (5, A.POSTPONE, None, TurnReason.ABSENCE), (6, A.FINISH))
    assert played.slots[played.place or 0].part is SessionPart.BREAK
    first, second = turns(played)
    assert (first.status, first.reason) == (TurnStatus.POSTPONED, TurnReason.ABSENCE)
    assert (second.status, second.reason) == (TurnStatus.CANCELLED, TurnReason.TIME)
    fifth = state((0, A.START), (1, A.NEXT_CONSULTATION), *[(2, A.NEXT)] * 4)
    assert A.POSTPONE not in allowed(fifth, done((0, A.START)))


def test_next_consultation_skips_what_is_left_of_the_one_before() -> None:
    played = state((0, A.START), (1, A.NEXT_CONSULTATION), (2, A.NEXT_CONSULTATION))
    assert played.position == 2
    assert A.NEXT_CONSULTATION not in allowed(played, done((0, A.START)))
    at_break = state((0, A.START), (1, A.NEXT_CONSULTATION), *[(2, A.NEXT)] * 6)
    assert at_break.slots[at_break.place or 0].part is SessionPart.BREAK
    assert A.NEXT_CONSULTATION in allowed(at_break, done((0, A.START)))


def test_turns_are_held_from_the_fifth_step_on_and_swapped_when_the_reserve_took_them() -> None:
    steps = [(1, A.NEXT_CONSULTATION), *[(2, A.NEXT)] * 5]
    held = turns(state((0, A.START), *steps, (9, A.FINISH)))
    assert (held[0].client_id, held[0].status, held[0].reason) == (11, TurnStatus.HELD, None)
    swap = (-5, A.SWAP, None, TurnReason.PASS)
    swapped = turns(state(swap, (0, A.START), *steps, (9, A.FINISH)))
    assert (swapped[0].client_id, swapped[0].status, swapped[0].reason) == (12, TurnStatus.SWAPPED, TurnReason.PASS)
    back = turns(state(swap, swap, (0, A.START), *steps, (9, A.FINISH)))
    assert (back[0].client_id, back[0].status) == (11, TurnStatus.HELD)
    stopped = turns(state((0, A.START), (1, A.NEXT_CONSULTATION), (9, A.FINISH)))
    assert (stopped[0].status, stopped[0].reason) == (TurnStatus.POSTPONED, TurnReason.TIME)


def test_presences_count_the_minutes_there_between_start_and_end() -> None:
    played = state(
        (-10, A.HERE, 11), (-1, A.HERE, 12), (0, A.START), (20, A.HERE, 13), (30, A.AWAY, 12), (40, A.HERE, 12),
        (50, A.AWAY, 11), (100, A.FINISH),
    )  # fmt: skip
    kept = {p.membership_id: (p.status, p.minutes) for p in presences(played, MEMBERS, 180)}
    assert kept[11] == (PresenceStatus.LEFT_EARLY, 50)
    assert kept[12] == (PresenceStatus.PRESENT, 90)
    assert kept[13] == (PresenceStatus.LATE, 80)
    assert kept[14] == (PresenceStatus.ABSENT, 0)
    long = state((0, A.HERE, 11), (0, A.START), (300, A.FINISH))
    assert presences(long, (11,), 180)[0].minutes == 180, "never more than planned"
    assert presences(state((0, A.HERE, 11)), (11,), 180)[0].status is PresenceStatus.ABSENT, "it never began"


def test_absence_said_before_the_start_is_excused_and_after_it_is_not() -> None:
    said = (A.SWAP, None, TurnReason.ABSENCE)
    before = state((-15, *said), (0, A.START), (9, A.FINISH))
    assert presences(before, (11,), 180)[0].status is PresenceStatus.EXCUSED
    later = state((0, A.START), (1, *said), (9, A.FINISH))
    assert presences(later, (11,), 180)[0].status is PresenceStatus.ABSENT


@pytest.mark.parametrize(
    ("action", "membership_id", "reason", "code"),
    [
        (A.NEXT, None, None, "live_not_now"),
        (A.HERE, 99, None, "not_of_the_group"),
        (A.HERE, 11, None, "live_not_now"),
        (A.AWAY, 12, None, "live_not_now"),
        (A.START, 11, None, "live_not_about_someone"),
        (A.START, None, TurnReason.PASS, "turn_reason_unneeded"),
        (A.SWAP, None, None, "turn_reason_missing"),
        (A.SWAP, None, TurnReason.TIME, "turn_reason_missing"),
    ],
)
def test_command_that_makes_no_sense_is_refused_with_its_reason(
    action: A, membership_id: int | None, reason: TurnReason | None, code: str
) -> None:
    events = done((-5, A.HERE, 11))
    reasons = command_reasons(fold(PROTOCOL, PLAN, events), events, action, membership_id, reason, roster=MEMBERS)
    assert [r.code for r in reasons] == [code]


def test_command_that_makes_sense_is_accepted() -> None:
    events = done((-5, A.HERE, 11))
    now = fold(PROTOCOL, PLAN, events)
    for action, membership_id, reason in ((A.START, None, None), (A.HERE, 12, None), (A.SWAP, None, TurnReason.PASS)):
        assert command_reasons(now, events, action, membership_id, reason, roster=MEMBERS) == []


@given(st.lists(st.tuples(st.sampled_from(A), st.floats(0, 30), st.integers(0, 5)), max_size=60))
@example([(A.START, 0, 0), (A.NEXT, 1, 0), (A.MORE, 1, 0), (A.EXPRESS, 1, 0)])
@example([(A.START, 0, 0), (A.NEXT, 1, 0), (A.LESS, 1, 0), (A.EXPRESS, 1, 0)])
def test_any_sequence_of_allowed_touches_keeps_the_time_whole(touches: list[tuple[A, float, int]]) -> None:
    events: list[Done] = []
    minute = 0.0
    for action, minutes, who in touches:
        minute += minutes
        folded = fold(PROTOCOL, PLAN, events)
        member = MEMBERS[who] if action in {A.HERE, A.AWAY} else None
        reason = TurnReason.PASS if action in {A.SWAP, A.POSTPONE} else None
        if not command_reasons(folded, events, action, member, reason, roster=MEMBERS):
            events.append(Done(action, after(minute), member, reason))
    played = fold(PROTOCOL, PLAN, events)
    end = after(minute)
    planned = sum(slot.seconds for slot in played.slots)
    assert sum(played.seconds_of(n) for n in range(len(played.slots))) == planned
    assert all(played.seconds_of(n) >= MINUTE for n in range(len(played.slots)))
    spent = sum(played.spent_on(n, end) for n in range(len(played.slots)))
    assert spent <= minute * MINUTE + 1e-3, "no second is counted twice"
    for presence in presences(played, MEMBERS, 180):
        assert (presence.minutes == 0) == (presence.status in {PresenceStatus.ABSENT, PresenceStatus.EXCUSED})
    assert [turn.position for turn in turns(played)] == [1, 2]
