"""The record that a session proposes once it is finished: the facilitator confirms or corrects it. Pure (S4, BR-06)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.attendance.roll_calls.enums import PresenceStatus
from app.codev.live.agenda import MINUTE, STEP_FIVE
from app.codev.live.rules import State
from app.codev.protocols.enums import Variant
from app.codev.records.enums import TurnReason, TurnStatus

TOLERANCE = 5 * MINUTE
"""A member who arrives so soon after the start, or leaves so shortly before the end, was there from start to end."""


@dataclass(frozen=True, slots=True)
class ProposedPresence:
    """A presence to confirm."""

    membership_id: int
    status: PresenceStatus
    minutes: int


@dataclass(frozen=True, slots=True)
class ProposedTurn:
    """A consultation to confirm."""

    position: int
    client_id: int | None
    status: TurnStatus
    reason: TurnReason | None
    variant: Variant


def presences(state: State, roster: Iterable[int], planned_minutes: int) -> list[ProposedPresence]:
    """Return the presence of each member: the minutes between start and end that they were there, breaks included.

    Of those who did not come, the ones who gave notice before the start are excused, the others absent.
    """
    excused = {s.planned_id for s in state.swaps if s.with_notice and s.reason is TurnReason.ABSENCE}
    return [_presence(state, id_, planned_minutes, excused=id_ in excused) for id_ in roster]


def _presence(state: State, membership_id: int, planned_minutes: int, *, excused: bool) -> ProposedPresence:
    start, end = state.started_at, state.finished_at
    spans = _spans(state, membership_id, start, end) if start and end else []
    minutes = min(round(sum((b - a).total_seconds() for a, b in spans) / MINUTE), planned_minutes)
    if start is None or end is None or minutes == 0:
        return ProposedPresence(membership_id, PresenceStatus.EXCUSED if excused else PresenceStatus.ABSENT, 0)
    status = PresenceStatus.PRESENT
    if (spans[0][0] - start).total_seconds() > TOLERANCE:
        status = PresenceStatus.LATE
    elif (end - spans[-1][1]).total_seconds() > TOLERANCE:
        status = PresenceStatus.LEFT_EARLY
    return ProposedPresence(membership_id, status, minutes)


def _spans(state: State, membership_id: int, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    spans = ((max(a, start), min(b or end, end)) for a, b in state.presence.get(membership_id, []))
    return [(a, b) for a, b in spans if a < b]


def turns(state: State) -> list[ProposedTurn]:
    """Return each consultation: held once it reached its fifth step, postponed before, cancelled when it never began.

    The client is the one at the end: a reserve who took the turn is its client also when it was then postponed.
    """
    return [_turn(state, position) for position in sorted(state.turns)]


def _turn(state: State, position: int) -> ProposedTurn:
    client_id, variant = state.turns[position].client_id, state.variants[position]
    swaps = [s for s in state.swaps if s.position == position]
    if position in state.postponed:
        return ProposedTurn(position, client_id, TurnStatus.POSTPONED, state.postponed[position], variant)
    reached = state.reached.get(position)
    if reached is None:
        return ProposedTurn(position, client_id, TurnStatus.CANCELLED, TurnReason.TIME, variant)
    if reached < STEP_FIVE:
        return ProposedTurn(position, client_id, TurnStatus.POSTPONED, TurnReason.TIME, variant)
    if swaps and swaps[0].planned_id != client_id:
        return ProposedTurn(position, client_id, TurnStatus.SWAPPED, swaps[-1].reason, variant)
    return ProposedTurn(position, client_id, TurnStatus.HELD, None, variant)
