"""Pure rules of codevelopment groups: who may form one, roles, and the rotation of the client role.

Rules of a session's record are in ``rules_record.py``. Sources: BR-10, S4.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.sessions.enums import CodevRole
from app.platform.errors import Reason

MIN_CONSULTANTS = 3
NOT_CONSULTING = frozenset({CodevRole.CLIENT, CodevRole.OBSERVER, CodevRole.NOTE_TAKER, CodevRole.DIGITAL_FACILITATOR})
"""Roles that keep someone from being a consultant; a reserve client consults until called."""

HELD = frozenset({TurnStatus.HELD, TurnStatus.SWAPPED})
"""A consultation that went to its end; swapped, with another client than planned."""


# Roles ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assigned:
    """A role of a member in a consultation, ``position`` from 1."""

    position: int
    membership_id: int
    role: CodevRole


def role_reasons(plan: Sequence[Assigned], members: Collection[int]) -> list[Reason]:
    """Why a plan of roles cannot be: one client and one reserve, other people; three consultants left.

    The facilitator is never a member (``group_reasons``), so never the client.
    """
    found = [
        Reason("not_of_the_group", field=f"roles.{place}.membership_id")
        for place, assigned in enumerate(plan)
        if assigned.membership_id not in members
    ]
    for position in sorted({a.position for a in plan}):
        found += _position_reasons(position, [a for a in plan if a.position == position], len(members))
    clients = Counter(a.membership_id for a in plan if a.role is CodevRole.CLIENT)
    if any(n > 1 for n in clients.values()):
        found.append(Reason("client_twice", field="roles"))
    return found


def _position_reasons(position: int, plan: Sequence[Assigned], size: int) -> list[Reason]:
    roles = Counter(a.role for a in plan)
    where: dict[str, int] = {"position": position}
    found = []
    if roles[CodevRole.CLIENT] != 1:
        found.append(Reason("one_client", where, "roles"))
    if roles[CodevRole.RESERVE] != 1:
        found.append(Reason("one_reserve", where, "roles"))
    if len({a.membership_id for a in plan}) < len(plan):
        found.append(Reason("one_role_each", where, "roles"))
    if size - sum(n for role, n in roles.items() if role in NOT_CONSULTING) < MIN_CONSULTANTS:
        found.append(Reason("few_consultants", {**where, "min": MIN_CONSULTANTS}, "roles"))
    return found


# Rotation ---------------------------------------------------------------------------------------


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
    """A member's turns as client so far; ``kept`` while a turn missed with notice is still owed."""

    membership_id: int
    turns: int = 0
    last_on: date | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Proposed:
    """Who could be the client of a consultation, and who stands in."""

    position: int
    client_id: int
    reserve_id: int


def tally(members: Iterable[int], history: Iterable[PastTurn]) -> list[Tally]:
    """Turns per member, from the group's consultations in order of time."""
    tallies = {m: Tally(m) for m in members}
    for turn in history:
        owed = turn.planned_client_id or turn.client_id
        if owed in tallies and turn.excused and turn.reason is TurnReason.ABSENCE:
            tallies[owed] = replace(tallies[owed], kept=True)
        if turn.status in HELD and turn.client_id in tallies:
            before = tallies[turn.client_id]
            tallies[turn.client_id] = Tally(turn.client_id, before.turns + 1, turn.on)
    return list(tallies.values())


def rotation(tallies: Iterable[Tally], passing: Collection[int] = ()) -> list[int]:
    """Members in the order in which their turn comes, without those who pass this time.

    Fewest turns first; among equals a turn kept after an excused absence comes first (S4), then the
    longest wait.
    """
    ordered = sorted(tallies, key=lambda t: (t.turns, not t.kept, t.last_on or date.min, t.membership_id))
    return [t.membership_id for t in ordered if t.membership_id not in passing]


def propose(tallies: Iterable[Tally], consultations: int, passing: Collection[int] = ()) -> list[Proposed]:
    """Client and reserve of each consultation; fewer, or none, when too few people take a turn.

    The reserve is the next who is client of nothing that day, else the next after the client in order.
    """
    order = rotation(tallies, passing)
    if len(order) <= 1:
        return []
    clients = order[:consultations]
    free = order[len(clients) :]
    return [
        Proposed(place + 1, client, free[0] if free else order[(place + 1) % len(order)])
        for place, client in enumerate(clients)
    ]
