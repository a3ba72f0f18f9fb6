"""Pure rules of a session's record: presences, turns, and whether the session counts (S4)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.attendance.roll_calls.enums import PresenceStatus
from app.attendance.roll_calls.rules import ATTENDING, presence_reasons
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.sessions.rules import HELD, MIN_CONSULTANTS
from app.platform.errors import Reason


@dataclass(frozen=True, slots=True)
class Presence:
    """A member's presence; minutes include the breaks (BR-06), also by telephone (S1)."""

    membership_id: int
    status: PresenceStatus
    minutes: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A consultation, held or not; ``position`` counts from 1."""

    position: int
    client_id: int
    status: TurnStatus
    reason: TurnReason | None = None


def mark_swapped(turn: Turn, planned: Mapping[int, int]) -> Turn:
    """Return the turn, swapped when it was held with another client than the one planned for its position."""
    is_other = planned.get(turn.position, turn.client_id) != turn.client_id
    return replace(turn, status=TurnStatus.SWAPPED) if is_other and turn.status is TurnStatus.HELD else turn


def attendees_of(entries: Iterable[Presence]) -> frozenset[int]:
    """Return the membership ids of those present, if only for a part."""
    return frozenset(e.membership_id for e in entries if e.status in ATTENDING)


def has_quorum(client_id: int, attendees: Collection[int], *, facilitator_present: bool) -> bool:
    """Whether a consultation has its facilitator, its client and three consultants (S4)."""
    return facilitator_present and client_id in attendees and len(attendees) - 1 >= MIN_CONSULTANTS


def is_held(entries: Iterable[Presence], turns: Iterable[Turn], *, facilitator_present: bool) -> bool:
    """Whether the session counts: at least one consultation had its quorum, even if it stopped before the end.

    Otherwise the session has to be planned again and its minutes are not counted (S4).
    """
    attendees = attendees_of(entries)
    return any(
        has_quorum(turn.client_id, attendees, facilitator_present=facilitator_present)
        for turn in turns
        if turn.status is not TurnStatus.CANCELLED
    )


def entry_reasons(entries: Sequence[Presence], roster: Collection[int], planned_minutes: int) -> list[Reason]:
    """Return why presences are refused: everyone of the roster once, with minutes that fit their status."""
    reasons = []
    recorded: set[int] = set()
    for index, entry in enumerate(entries):
        field = f"entries.{index}"
        if entry.membership_id not in roster:
            reasons.append(Reason("not_of_the_group", field=f"{field}.membership_id"))
        elif entry.membership_id in recorded:
            reasons.append(Reason("twice_in_the_record", field=f"{field}.membership_id"))
        recorded.add(entry.membership_id)
        reasons += presence_reasons(entry.status, entry.minutes, planned_minutes, f"{field}.minutes")
    if missing := len(set(roster) - recorded):
        reasons.append(Reason("missing_from_the_record", {"n": missing}, "entries"))
    return reasons


def turn_reasons(
    turns: Sequence[Turn],
    entries: Iterable[Presence],
    *,
    roster: Collection[int],
    planned: Mapping[int, int],
    facilitator_present: bool,
) -> list[Reason]:
    """Return why turns, already marked swapped, are refused; ``planned`` is the planned client of each position."""
    attendees = attendees_of(entries)
    reasons = []
    for index, turn in enumerate(turns):
        quorum = has_quorum(turn.client_id, attendees, facilitator_present=facilitator_present)
        client_attends = turn.client_id in attendees
        is_member = turn.client_id in roster or turn.client_id == planned.get(turn.position)
        reasons += [
            Reason(code, field=f"turns.{index}.{name}")
            for code, name, is_wrong in (
                ("not_of_the_group", "client_id", not is_member),
                ("client_absent", "client_id", turn.status in HELD and is_member and not client_attends),
                ("no_quorum", "status", turn.status in HELD and client_attends and not quorum),
                ("not_swapped", "status", _is_wrongly_swapped(turn, planned)),
                ("turn_reason_missing", "reason", turn.status is not TurnStatus.HELD and turn.reason is None),
                ("turn_reason_unneeded", "reason", turn.status is TurnStatus.HELD and turn.reason is not None),
            )
            if is_wrong
        ]
    return reasons + _plan_reasons(turns, planned)


def _is_wrongly_swapped(turn: Turn, planned: Mapping[int, int]) -> bool:
    is_planned_client = planned.get(turn.position, turn.client_id) == turn.client_id
    return turn.status is TurnStatus.SWAPPED and is_planned_client


def _plan_reasons(turns: Sequence[Turn], planned: Mapping[int, int]) -> list[Reason]:
    """Return why turns are refused as a whole: a position twice or left out, the same client held twice."""
    positions = [t.position for t in turns]
    held = [t.client_id for t in turns if t.status in HELD]
    reasons = []
    if len(set(positions)) < len(positions):
        reasons.append(Reason("position_twice", field="turns"))
    if left_out := sorted(set(planned) - set(positions)):
        reasons.append(Reason("turn_missing", {"position": left_out[0]}, "turns"))
    if len(set(held)) < len(held):
        reasons.append(Reason("client_twice", field="turns"))
    return reasons
