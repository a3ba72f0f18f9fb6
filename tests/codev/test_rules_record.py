"""Rules of a session's record: presences, turns, quorum (S4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.attendance.roll_calls.enums import PresenceStatus as S
from app.attendance.roll_calls.rules import ATTENDING
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.rules import Presence, Turn, entry_reasons, has_quorum, is_held, mark_swapped, turn_reasons

ROSTER = (1, 2, 3, 4, 5, 6)
HELD, POSTPONED, SWAPPED, CANCELLED = TurnStatus.HELD, TurnStatus.POSTPONED, TurnStatus.SWAPPED, TurnStatus.CANCELLED


def presences(*away: int, minutes: int = 180) -> list[Presence]:
    """Return the presences of the six of the roster, those ``away`` excused."""
    return [Presence(m, S.EXCUSED, 0) if m in away else Presence(m, S.PRESENT, minutes) for m in ROSTER]


def codes(
    *turns: Turn, entries: list[Presence] | None = None, planned: dict[int, int] | None = None, facilitator: bool = True
) -> list[str]:
    """Return the codes of the reasons of some turns."""
    reasons = turn_reasons(
        turns,
        entries if entries is not None else presences(),
        roster=ROSTER,
        planned=planned or {},
        facilitator_present=facilitator,
    )
    return [r.code for r in reasons]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (presences(), []),
        (presences(minutes=20), []),
        (presences()[:5], [("missing_from_the_record", "entries")]),
        ([*presences(), Presence(6, S.ABSENT, 0)], [("twice_in_the_record", "entries.6.membership_id")]),
        ([*presences(), Presence(7, S.ABSENT, 0)], [("not_of_the_group", "entries.6.membership_id")]),
        ([*presences()[:5], Presence(6, S.LATE, 181)], [("minutes_above_planned", "entries.5.minutes")]),
        ([*presences()[:5], Presence(6, S.ABSENT, 5)], [("minutes_while_absent", "entries.5.minutes")]),
        ([*presences()[:5], Presence(6, S.LEFT_EARLY, 0)], [("present_without_minutes", "entries.5.minutes")]),
    ],
)
def test_presences_name_everyone_of_the_roster_once(entries: list[Presence], expected: list[tuple[str, str]]) -> None:
    assert [(r.code, r.field) for r in entry_reasons(entries, ROSTER, 180)] == expected


@given(st.sets(st.sampled_from(ROSTER)), st.sampled_from(ROSTER), st.booleans())
def test_the_quorum_is_facilitator_client_and_three_consultants(
    attendees: set[int], client: int, facilitator: bool
) -> None:
    expected = facilitator and client in attendees and len(attendees - {client}) >= 3
    assert has_quorum(client, attendees, facilitator_present=facilitator) == expected


@pytest.mark.parametrize(
    ("away", "turn", "facilitator", "expected"),
    [
        ((), Turn(1, 1, HELD), True, True),
        ((5, 6), Turn(1, 1, HELD), True, True),
        ((), Turn(1, 1, HELD), False, False),
        ((), Turn(1, 1, POSTPONED, TurnReason.TIME), True, True),
        ((), Turn(1, 1, CANCELLED, TurnReason.TECHNICAL), True, False),
        ((1,), Turn(1, 1, POSTPONED, TurnReason.ABSENCE), True, False),
        ((4, 5, 6), Turn(1, 1, POSTPONED, TurnReason.QUORUM), True, False),
    ],
)
def test_a_session_counts_when_one_consultation_had_its_quorum(
    away: tuple[int, ...], turn: Turn, facilitator: bool, expected: bool
) -> None:
    assert is_held(presences(*away), [turn], facilitator_present=facilitator) == expected


def test_a_session_without_consultation_does_not_count() -> None:
    assert not is_held(presences(), [], facilitator_present=True)


def test_a_turn_held_by_another_than_planned_is_swapped() -> None:
    assert mark_swapped(Turn(1, 2, HELD, TurnReason.ABSENCE), {1: 1}).status is SWAPPED
    assert mark_swapped(Turn(1, 1, HELD), {1: 1}).status is HELD
    assert mark_swapped(Turn(1, 2, HELD), {}).status is HELD
    assert mark_swapped(Turn(1, 2, POSTPONED), {1: 1}).status is POSTPONED


def test_valid_turns_have_no_reason() -> None:
    assert codes(Turn(1, 1, HELD), Turn(2, 2, HELD), planned={1: 1, 2: 2}) == []
    assert codes(Turn(1, 2, SWAPPED, TurnReason.ABSENCE), entries=presences(1), planned={1: 1}) == []
    assert codes(Turn(1, 1, POSTPONED, TurnReason.ABSENCE), entries=presences(1), planned={1: 1}) == []
    assert codes(Turn(1, 9, POSTPONED, TurnReason.ABSENCE), planned={1: 9}) == [], "planned, then left the group"
    assert codes() == []


@pytest.mark.parametrize(
    ("turn", "away", "planned", "expected"),
    [
        (Turn(1, 1, HELD), (1,), {1: 1}, ["client_absent"]),
        (Turn(1, 1, HELD), (4, 5, 6), {1: 1}, ["no_quorum"]),
        (Turn(1, 9, HELD), (), {}, ["not_of_the_group"]),
        (Turn(1, 9, POSTPONED, TurnReason.TIME), (), {}, ["not_of_the_group"]),
        (Turn(1, 1, SWAPPED, TurnReason.PASS), (), {1: 1}, ["not_swapped"]),
        (Turn(1, 1, SWAPPED, TurnReason.PASS), (), {}, ["not_swapped"]),
        (Turn(1, 2, SWAPPED), (1,), {1: 1}, ["turn_reason_missing"]),
        (Turn(1, 1, CANCELLED), (), {1: 1}, ["turn_reason_missing"]),
        (Turn(1, 1, HELD, TurnReason.TIME), (), {1: 1}, ["turn_reason_unneeded"]),
        (Turn(2, 2, HELD), (), {1: 1}, ["turn_missing"]),
    ],
)
def test_invalid_turn_has_its_reason(
    turn: Turn, away: tuple[int, ...], planned: dict[int, int], expected: list[str]
) -> None:
    assert codes(turn, entries=presences(*away), planned=planned) == expected


def test_turns_invalid_together_have_their_reason() -> None:
    assert codes(Turn(1, 1, HELD), Turn(1, 2, HELD)) == ["position_twice"]
    assert codes(Turn(1, 1, HELD), Turn(2, 1, HELD)) == ["client_twice"]
    assert codes(Turn(1, 1, HELD), facilitator=False) == ["no_quorum"]


@given(
    st.lists(st.sampled_from(list(S)), min_size=6, max_size=6),
    st.lists(st.tuples(st.sampled_from(ROSTER), st.sampled_from(list(TurnStatus))), max_size=4),
    st.booleans(),
)
def test_accepted_record_with_a_held_turn_counts_the_session(
    statuses: list[S], drawn: list[tuple[int, TurnStatus]], facilitator: bool
) -> None:
    entries = [Presence(m, s, 60 if s in ATTENDING else 0) for m, s in zip(ROSTER, statuses, strict=True)]
    turns = [Turn(n + 1, c, s, None if s is HELD else TurnReason.TIME) for n, (c, s) in enumerate(drawn)]
    if not codes(*turns, entries=entries, facilitator=facilitator) and any(t.status is HELD for t in turns):
        assert is_held(entries, turns, facilitator_present=facilitator)
