"""Pure rules of turns handed over before a session: who takes a passed turn, and which swaps are fair (S4)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.codev.sessions.enums import CodevRole
from app.codev.sessions.rules import Assigned, Tally, is_out_of_turn
from app.platform.errors import Reason


def turn_of(plan: Sequence[Assigned], membership_id: int) -> int | None:
    """Return the position of the consultation whose planned client is a member."""
    return next((a.position for a in plan if a.membership_id == membership_id and a.role is CodevRole.CLIENT), None)


def clients_of(plan: Sequence[Assigned]) -> frozenset[int]:
    """Return the planned clients of a session."""
    return frozenset(a.membership_id for a in plan if a.role is CodevRole.CLIENT)


def next_taker(plan: Sequence[Assigned], position: int, willing: Sequence[int]) -> int | None:
    """Return who takes a turn that is passed, of those ``willing`` in the order of the rotation.

    The reserve, else the next who has no role in the consultation, else the next one; never a client of the day.
    """
    free = [m for m in willing if m not in clients_of(plan)]
    roles = {a.membership_id: a.role for a in plan if a.position == position}
    reserve = next((m for m in free if roles.get(m) is CodevRole.RESERVE), None)
    return reserve if reserve is not None else next((m for m in free if m not in roles), next(iter(free), None))


def give_turn(
    plan: Sequence[Assigned], position: int, taker_id: int | None, willing: Sequence[int]
) -> tuple[Assigned, ...]:
    """Return the plan after the turn at a position went to someone, or to nobody.

    The one who gave the turn takes the taker's role as observer, note-taker or digital facilitator; a reserve who takes
    it is replaced by the next who is ``willing``, no client of the day if possible.
    """
    giver_id = next(a.membership_id for a in plan if a.position == position and a.role is CodevRole.CLIENT)
    after = [a for a in plan if a.position != position or a.membership_id not in {giver_id, taker_id}]
    if taker_id is None:
        return tuple(after)
    role = next((a.role for a in plan if a.position == position and a.membership_id == taker_id), CodevRole.RESERVE)
    after.append(Assigned(position, taker_id, CodevRole.CLIENT))
    if role is not CodevRole.RESERVE:
        after.append(Assigned(position, giver_id, role))
    here = {a.membership_id: a.role for a in after if a.position == position}
    if CodevRole.RESERVE not in here.values():
        spare = [m for m in willing if m not in here and m != giver_id]
        rested = [m for m in spare if m not in clients_of(after)]
        after += [Assigned(position, m, CodevRole.RESERVE) for m in (rested or spare)[:1]]
    return tuple(after)


@dataclass(frozen=True, slots=True)
class Side:
    """A session that a swap changes: ``giver_id`` gives their turn to ``taker_id``.

    ``tallies`` are those of its members, with the turns planned before it; ``passing`` those who gave theirs up.
    """

    session_id: int
    plan: Sequence[Assigned]
    giver_id: int
    taker_id: int
    tallies: Sequence[Tally]
    passing: Collection[int] = ()


def swap_reasons(*sides: Side) -> list[Reason]:
    """Return why a swap is refused: one side for a turn taken, two for an exchange, of one session or of two.

    The turn is no longer theirs, the other is not of the group that day, would be client twice that day, or would go
    before someone who is willing and had fewer turns.
    """
    is_within = len(sides) > len({side.session_id for side in sides})
    refused = (_side_reasons(side, is_within=is_within) for side in sides)
    return next((reasons for reasons in refused if reasons), [])


def _side_reasons(side: Side, *, is_within: bool) -> list[Reason]:
    if side.giver_id == side.taker_id:
        return [Reason("swap_with_oneself", field="asked_id")]
    if turn_of(side.plan, side.giver_id) is None:
        return [Reason("turn_moved", field="asked_id")]
    tallies = {t.membership_id: t for t in side.tallies}
    if side.taker_id not in tallies or side.giver_id not in tallies:
        return [Reason("swap_left", field="asked_id")]
    clients = clients_of(side.plan)
    if is_within:
        return []
    if side.taker_id in clients:
        return [Reason("swap_client_twice", field="asked_id")]
    not_waiting = {side.giver_id, side.taker_id, *side.passing, *clients}
    waiting = [t for id_, t in tallies.items() if id_ not in not_waiting]
    out_of_turn = is_out_of_turn(tallies[side.taker_id], waiting)
    return [Reason("swap_out_of_turn", field="asked_id")] if out_of_turn else []
