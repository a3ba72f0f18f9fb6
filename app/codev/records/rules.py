"""Pure rules of a session's record: presence, turns, and whether the session counts (S4)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.attendance.roll_calls.enums import PresenceStatus
from app.attendance.roll_calls.rules import ATTENDING, presence_reasons
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.sessions.rules import HELD, MIN_CONSULTANTS
from app.platform.errors import Reason


@dataclass(frozen=True, slots=True)
class Presence:
    """A member's presence; minutes on the clock, breaks counted (BR-06), by telephone as well (S1)."""

    membership_id: int
    status: PresenceStatus
    minutes: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A consultation as it took place, or not; ``position`` from 1."""

    position: int
    client_id: int
    status: TurnStatus
    reason: TurnReason | None = None


def settled(turn: Turn, planned: Mapping[int, int]) -> Turn:
    """A turn held with another client than the one planned for its position is a swapped one."""
    other = planned.get(turn.position, turn.client_id) != turn.client_id
    return replace(turn, status=TurnStatus.SWAPPED) if other and turn.status is TurnStatus.HELD else turn


def attending(entries: Iterable[Presence]) -> frozenset[int]:
    """Who was there, if only for a while."""
    return frozenset(e.membership_id for e in entries if e.status in ATTENDING)


def has_quorum(client_id: int, there: Collection[int], *, facilitator_present: bool) -> bool:
    """Facilitator, client and three consultants: what a consultation needs (S4)."""
    return facilitator_present and client_id in there and len(there) - 1 >= MIN_CONSULTANTS


def is_held(entries: Iterable[Presence], turns: Iterable[Turn], *, facilitator_present: bool) -> bool:
    """Whether the session counts: one consultation at least had its quorum, even if it stopped before the end.

    Otherwise it is to plan again and its minutes are not counted (S4).
    """
    there = attending(entries)
    return any(
        t.status is not TurnStatus.CANCELLED and has_quorum(t.client_id, there, facilitator_present=facilitator_present)
        for t in turns
    )


def entry_reasons(entries: Sequence[Presence], roster: Collection[int], planned_minutes: int) -> list[Reason]:
    """Why the presences cannot be: everyone of the group once, with minutes that can be."""
    found = []
    seen: set[int] = set()
    for place, entry in enumerate(entries):
        field = f"entries.{place}"
        if entry.membership_id not in roster:
            found.append(Reason("not_of_the_group", field=f"{field}.membership_id"))
        elif entry.membership_id in seen:
            found.append(Reason("twice_in_the_record", field=f"{field}.membership_id"))
        seen.add(entry.membership_id)
        found += presence_reasons(entry.status, entry.minutes, planned_minutes, f"{field}.minutes")
    if missing := len(set(roster) - seen):
        found.append(Reason("missing_from_the_record", {"n": missing}, "entries"))
    return found


def turn_reasons(
    turns: Sequence[Turn],
    entries: Iterable[Presence],
    *,
    roster: Collection[int],
    planned: Mapping[int, int],
    facilitator_present: bool,
) -> list[Reason]:
    """Why the turns (settled before) cannot be; ``planned`` is the planned client of each position."""
    there = attending(entries)
    found = []
    for place, turn in enumerate(turns):
        quorum = has_quorum(turn.client_id, there, facilitator_present=facilitator_present)
        client_there = turn.client_id in there
        known = turn.client_id in roster or turn.client_id == planned.get(turn.position)
        found += [
            Reason(code, field=f"turns.{place}.{name}")
            for code, name, wrong in (
                ("not_of_the_group", "client_id", not known),
                ("client_absent", "client_id", turn.status in HELD and known and not client_there),
                ("no_quorum", "status", turn.status in HELD and client_there and not quorum),
                ("not_swapped", "status", _not_swapped(turn, planned)),
                ("turn_reason_missing", "reason", turn.status is not TurnStatus.HELD and turn.reason is None),
                ("turn_reason_unneeded", "reason", turn.status is TurnStatus.HELD and turn.reason is not None),
            )
            if wrong
        ]
    return found + _together(turns, planned)


def _not_swapped(turn: Turn, planned: Mapping[int, int]) -> bool:
    same = planned.get(turn.position, turn.client_id) == turn.client_id
    return turn.status is TurnStatus.SWAPPED and same


def _together(turns: Sequence[Turn], planned: Mapping[int, int]) -> list[Reason]:
    """What the turns cannot be as a whole: a position twice or left out, the same client held twice."""
    positions = [t.position for t in turns]
    held = [t.client_id for t in turns if t.status in HELD]
    found = []
    if len(set(positions)) < len(positions):
        found.append(Reason("position_twice", field="turns"))
    if left_out := sorted(set(planned) - set(positions)):
        found.append(Reason("turn_missing", {"position": left_out[0]}, "turns"))
    if len(set(held)) < len(held):
        found.append(Reason("client_twice", field="turns"))
    return found
