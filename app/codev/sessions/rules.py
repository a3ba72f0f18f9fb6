"""Pure rules of sessions: plans of roles, and the rotation of the client role (BR-10, S4)."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.sessions.enums import CodevRole
from app.platform.errors import Reason

MIN_CONSULTANTS = 3
NOT_CONSULTING = frozenset({CodevRole.CLIENT, CodevRole.OBSERVER, CodevRole.NOTE_TAKER, CodevRole.DIGITAL_FACILITATOR})
"""Roles whose members are not consultants; a reserve client is one until called."""

HELD = frozenset({TurnStatus.HELD, TurnStatus.SWAPPED})
"""Statuses of a consultation held to its end; swapped means with another client than planned."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """A planned role of a member in a consultation; ``position`` counts from 1."""

    position: int
    membership_id: int
    role: CodevRole


def role_reasons(plan: Sequence[Assigned], members: Collection[int]) -> list[Reason]:
    """Return why a plan of roles is refused: one client and one other person as reserve; three consultants left.

    The facilitator is never a member (``group_reasons``), so never the client.
    """
    reasons = [
        Reason("not_of_the_group", field=f"roles.{index}.membership_id")
        for index, assigned in enumerate(plan)
        if assigned.membership_id not in members
    ]
    for position in sorted({a.position for a in plan}):
        reasons += _position_reasons(position, [a for a in plan if a.position == position], len(members))
    clients = Counter(a.membership_id for a in plan if a.role is CodevRole.CLIENT)
    if any(n > 1 for n in clients.values()):
        reasons.append(Reason("client_twice", field="roles"))
    return reasons


def _position_reasons(position: int, plan: Sequence[Assigned], size: int) -> list[Reason]:
    roles = Counter(a.role for a in plan)
    params: dict[str, int] = {"position": position}
    reasons = []
    if roles[CodevRole.CLIENT] != 1:
        reasons.append(Reason("one_client", params, "roles"))
    if roles[CodevRole.RESERVE] != 1:
        reasons.append(Reason("one_reserve", params, "roles"))
    if len({a.membership_id for a in plan}) < len(plan):
        reasons.append(Reason("one_role_each", params, "roles"))
    if size - sum(n for role, n in roles.items() if role in NOT_CONSULTING) < MIN_CONSULTANTS:
        reasons.append(Reason("few_consultants", {**params, "min": MIN_CONSULTANTS}, "roles"))
    return reasons


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A recorded consultation; ``excused`` when the planned client gave notice before the start (S4)."""

    on: date
    client_id: int
    planned_client_id: int | None
    status: TurnStatus
    reason: TurnReason | None = None
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """A member's turns as client so far; ``is_owed`` while a turn missed with notice is not made up for."""

    membership_id: int
    turns: int = 0
    last_on: date | None = None
    is_owed: bool = False


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal for a consultation: the client and the reserve."""

    position: int
    client_id: int
    reserve_id: int


def tally(members: Iterable[int], history: Iterable[PastTurn]) -> list[Tally]:
    """Return the turns of each member, from the group's consultations in order of time."""
    tallies = {m: Tally(m) for m in members}
    for turn in history:
        planned_id = turn.planned_client_id or turn.client_id
        if planned_id in tallies and turn.excused and turn.reason is TurnReason.ABSENCE:
            tallies[planned_id] = replace(tallies[planned_id], is_owed=True)
        if turn.status in HELD and turn.client_id in tallies:
            before = tallies[turn.client_id]
            tallies[turn.client_id] = Tally(turn.client_id, before.turns + 1, turn.on)
    return list(tallies.values())


def rotation(tallies: Iterable[Tally], passing: Collection[int] = ()) -> list[int]:
    """Return the members in the order of their turns, without those who pass this time.

    Fewest turns first; among equals a turn owed after an excused absence comes first (S4), then the
    longest wait.
    """
    ordered = sorted(tallies, key=lambda t: (t.turns, not t.is_owed, t.last_on or date.min, t.membership_id))
    return [t.membership_id for t in ordered if t.membership_id not in passing]


def is_out_of_turn(client: Tally, waiting: Iterable[Tally]) -> bool:
    """Whether a client would go before someone who waits for a turn and had fewer."""
    return any(t.turns < client.turns for t in waiting)


@dataclass(frozen=True, slots=True)
class PlannedTurn:
    """A turn planned in a session that has no record yet."""

    session_id: int
    starts_at: datetime
    on: date
    client_id: int


def turns_before(
    members: Iterable[int],
    history: Iterable[PastTurn],
    planned: Iterable[PlannedTurn],
    starts_at: datetime,
    session_id: int,
) -> list[Tally]:
    """Return the turns of each member before a session: those they had, and those planned in earlier sessions."""
    earlier = [
        PastTurn(turn.on, turn.client_id, turn.client_id, TurnStatus.HELD)
        for turn in planned
        if (turn.starts_at, turn.session_id) < (starts_at, session_id)
    ]
    return tally(members, [*history, *earlier])


def propose(tallies: Iterable[Tally], consultations: int, passing: Collection[int] = ()) -> list[Proposed]:
    """Return the client and reserve of each consultation; fewer, or none, when too few people take a turn.

    The reserve is the next member who is no client that day, else the next after the client in order.
    """
    order = rotation(tallies, passing)
    if len(order) <= 1:
        return []
    clients = order[:consultations]
    free = order[len(clients) :]
    return [
        Proposed(index + 1, client, free[0] if free else order[(index + 1) % len(order)])
        for index, client in enumerate(clients)
    ]
