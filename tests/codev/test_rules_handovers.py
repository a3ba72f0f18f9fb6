"""Rules of turns passed and swapped before a session, without a database (S4)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.codev.handovers.rules import Side, clients_of, give_turn, next_taker, swap_reasons, turn_of
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.rules import (
    Assigned,
    PastTurn,
    PlannedTurn,
    Tally,
    is_out_of_turn,
    propose,
    role_reasons,
    rotation,
    tally,
    turns_before,
)

C, R, NOTES = CodevRole.CLIENT, CodevRole.RESERVE, CodevRole.NOTE_TAKER
DAY = date(2026, 9, 1)


def plan(*roles: tuple[int, int, CodevRole]) -> tuple[Assigned, ...]:
    """Return roles given as (position, membership, role)."""
    return tuple(Assigned(*r) for r in roles)


ONE = plan((1, 1, C), (1, 2, R))
TWO = plan((1, 1, C), (1, 3, R), (2, 2, C), (2, 3, R))


@pytest.mark.parametrize(
    ("roles", "willing", "taker"),
    [
        (ONE, [3, 2, 4], 2),
        (ONE, [3, 4], 3),
        (plan((1, 1, C), (1, 2, R), (1, 3, NOTES)), [3, 4], 4),
        (plan((1, 1, C), (1, 2, R), (1, 3, NOTES)), [3], 3),
        (plan((1, 1, C), (1, 2, R), (2, 2, C), (2, 3, R)), [2, 3, 4], 3),
        (TWO, [2], None),
        (ONE, [], None),
    ],
)
def test_passed_turn_goes_to_the_reserve_else_to_the_next_who_is_willing(
    roles: tuple[Assigned, ...], willing: list[int], taker: int | None
) -> None:
    assert next_taker(roles, 1, willing) == taker


@given(turns=st.lists(st.integers(0, 2), min_size=4, max_size=8), passing=st.sets(st.integers(1, 8), max_size=5))
def test_turn_that_the_reserve_does_not_take_goes_to_one_of_those_who_had_the_fewest(
    turns: list[int], passing: set[int]
) -> None:
    """The order is that of the rotation, for who takes the turn and for the reserve that is named in their place."""
    tallies = {n: Tally(n, count) for n, count in enumerate(turns, 1)}
    willing = rotation(tallies.values(), {*passing, 1, 2})
    taker = next_taker(ONE, 1, willing)
    assert (taker is None) == (not willing)
    if taker is not None:
        assert not is_out_of_turn(tallies[taker], [tallies[m] for m in willing])
    rest = [m for m in willing if m != taker]
    reserve = next((a.membership_id for a in give_turn(ONE[:1], 1, taker, rest) if a.role is R), None)
    assert reserve is None or not is_out_of_turn(tallies[reserve], [tallies[m] for m in rest])


@pytest.mark.parametrize(
    ("roles", "taker", "willing", "after"),
    [
        (ONE, 2, [3, 4], plan((1, 2, C), (1, 3, R))),
        (ONE, 3, [4], plan((1, 2, R), (1, 3, C))),
        (ONE, 2, [1, 2], plan((1, 2, C))),
        (ONE, None, [3], plan((1, 2, R))),
        (TWO, 3, [4], plan((2, 2, C), (2, 3, R), (1, 3, C), (1, 4, R))),
        (TWO, 3, [2], plan((2, 2, C), (2, 3, R), (1, 3, C), (1, 2, R))),
        (TWO, 3, [2, 4], plan((2, 2, C), (2, 3, R), (1, 3, C), (1, 4, R))),
        (plan((1, 1, C), (1, 2, R), (1, 3, NOTES)), 3, [4], plan((1, 2, R), (1, 3, C), (1, 1, NOTES))),
    ],
)
def test_plan_after_a_turn_changed_hands_keeps_a_reserve_and_the_other_roles(
    roles: tuple[Assigned, ...], taker: int | None, willing: list[int], after: tuple[Assigned, ...]
) -> None:
    assert give_turn(roles, 1, taker, willing) == after


def side(
    giver: int, taker: int, *turns: int, roles: tuple[Assigned, ...] = ONE, passing: tuple[int, ...] = (), at: int = 1
) -> Side:
    """Return a side of a swap; ``turns`` are those of the members from 1 on."""
    return Side(at, roles, giver, taker, [Tally(n, count) for n, count in enumerate(turns, 1)], passing)


LATER = plan((1, 3, C), (1, 4, R))


@pytest.mark.parametrize(
    ("sides", "code"),
    [
        ([side(1, 3, 0, 0, 0, 0)], None),
        ([side(1, 3, 0, 1, 1, 1)], None),
        ([side(1, 3, 0, 0, 1, 1)], "swap_out_of_turn"),
        ([side(1, 3, 0, 0, 1, 1, passing=(2,))], None),
        ([side(1, 1, 0, 0, 0, 0), side(1, 1, 0, 0, 0, 0)], "swap_with_oneself"),
        ([side(2, 3, 0, 0, 0, 0)], "turn_moved"),
        ([side(1, 9, 0, 0, 0, 0)], "swap_left"),
        ([Side(1, ONE, 1, 2, [Tally(2), Tally(3)])], "swap_left"),
        ([side(1, 2, 0, 0, 0, 0, roles=TWO)], "swap_client_twice"),
        ([side(1, 2, 0, 0, 0, 0, roles=TWO), side(2, 1, 0, 0, 0, 0, roles=TWO)], None),
        ([side(1, 3, 0, 0, 0, 0), side(3, 1, 0, 1, 0, 0, roles=LATER, at=2)], None),
        ([side(1, 3, 0, 0, 1, 0), side(3, 1, 0, 0, 1, 0, roles=LATER, at=2)], "swap_out_of_turn"),
        ([side(1, 3, 0, 0, 0, 0), side(3, 1, 0, 0, 0, 0, roles=ONE[1:], at=2)], "turn_moved"),
        ([side(1, 2, 0, 0, 0, 0, roles=TWO), side(2, 1, 0, 0, 0, 0, roles=TWO, at=2)], "swap_client_twice"),
    ],
)
def test_swap_is_refused_with_its_reason(sides: list[Side], code: str | None) -> None:
    assert [reason.code for reason in swap_reasons(*sides)] == ([code] if code else [])


def test_turns_planned_before_a_session_count_as_had() -> None:
    at = datetime(2026, 9, 10, 18, tzinfo=UTC)
    planned = [PlannedTurn(7, at, at.date(), 1), PlannedTurn(8, at + timedelta(days=7), DAY, 2)]
    had = [PastTurn(DAY, 3, 3, TurnStatus.HELD)]
    assert [t.turns for t in turns_before([1, 2, 3], had, planned, at, 8)] == [1, 0, 1]
    assert [t.turns for t in turns_before([1, 2, 3], had, planned, at, 7)] == [0, 0, 1]
    assert [t.turns for t in turns_before([1, 2, 3], had, planned, at + timedelta(days=8), 1)] == [1, 1, 1]


class Group:
    """A group whose sessions are planned ahead; members pass, swap and are absent."""

    def __init__(self, size: int) -> None:
        self.members = range(1, size + 1)
        self.history: list[PastTurn] = []
        self.plans: dict[int, tuple[Assigned, ...]] = {}
        self.passing: dict[int, set[int]] = {}

    def tallies(self, session: int) -> list[Tally]:
        """Return the turns before a session, those planned before it included."""
        planned = [
            PlannedTurn(n, _at(n), _at(n).date(), client) for n, p in self.plans.items() for client in clients_of(p)
        ]
        return turns_before(self.members, self.history, planned, _at(session), session)

    def passing_in(self, session: int) -> set[int]:
        """Return who gave their turn up in a session and has none in it again."""
        return self.passing.get(session, set()) - clients_of(self.plans.get(session, ()))

    def plan(self, session: int, consultations: int) -> None:
        """Plan the roles as the rotation proposes them."""
        proposed = propose(self.tallies(session), consultations, self.passing_in(session))
        roles = (Assigned(p.position, m, role) for p in proposed for m, role in ((p.client_id, C), (p.reserve_id, R)))
        self.plans[session] = tuple(roles)

    def pass_turn(self, session: int, member: int) -> None:
        """Pass a turn that is planned."""
        plan_before = self.plans[session]
        position = turn_of(plan_before, member)
        assert position is not None
        willing = [m for m in rotation(self.tallies(session), self.passing_in(session)) if m != member]
        taker = next_taker(plan_before, position, willing)
        self.plans[session] = give_turn(plan_before, position, taker, willing)
        self.passing.setdefault(session, set()).add(member)

    def swap(self, first: int, giver: int, taker: int, second: int | None) -> bool:
        """Swap a turn, for the other's in a second session or for none; return whether the rules let them."""
        given = [(first, giver, taker)] + ([(second, taker, giver)] if second is not None else [])
        before, sides = dict(self.plans), []
        for session, gives, takes in sorted(given):
            sides.append(Side(session, before[session], gives, takes, self.tallies(session), self.passing_in(session)))
            self.plans[session] = tuple(
                replace(a, membership_id=takes) if (a.membership_id, a.role) == (gives, C) else a
                for a in self.plans[session]
            )
        self.plans = before
        if swap_reasons(*sides):
            return False
        for session, gives, takes in given:
            position = turn_of(self.plans[session], gives) if first != second else turn_of(before[session], gives)
            assert position is not None
            willing = rotation(self.tallies(session), self.passing_in(session))
            self.plans[session] = give_turn(self.plans[session], position, takes, willing)
            self.passing.setdefault(session, set()).add(gives)
        return True

    def plan_again_if_out_of_turn(self, session: int, consultations: int) -> None:
        """Follow the notice that a plan made ahead puts someone before another who had fewer turns, as now shown."""
        clients = clients_of(self.plans[session])
        tallies = self.tallies(session)
        waiting = [t for t in tallies if t.membership_id not in clients | self.passing_in(session)]
        if any(is_out_of_turn(t, waiting) for t in tallies if t.membership_id in clients):
            self.plan(session, consultations)


def _at(session: int) -> datetime:
    return datetime(2026, 9, 1, 18, tzinfo=UTC) + timedelta(days=14 * session)


@given(size=st.integers(4, 8), data=st.data())
def test_nobody_is_client_twice_before_everyone_willing_was_once_with_passes_and_swaps(
    size: int, data: st.DataObject
) -> None:
    """Sessions planned ahead, turns passed and swapped within and across them, absences: the next had no more turns.

    ``always`` never pass, give a turn away or are absent: at any moment nobody has two turns more than one of them.
    """
    group = Group(size)
    always = set(group.members)
    for session in range(1, data.draw(st.integers(2, 8)) + 1):
        consultations = data.draw(st.integers(1, 2), label="consultations")
        for ahead in (session, session + 1, session + 2):
            if ahead not in group.plans:
                group.plan(ahead, consultations)
        for _ in range(data.draw(st.integers(0, 3), label="changes")):
            first = data.draw(st.sampled_from((session, session + 1)))
            if not (clients := sorted(clients_of(group.plans[first]))):
                continue
            giver = data.draw(st.sampled_from(clients))
            if data.draw(st.booleans(), label="passes"):
                group.pass_turn(first, giver)
                always.discard(giver)
                continue
            taker = data.draw(st.sampled_from([m for m in group.members if m != giver]))
            theirs = [n for n in (session, session + 1, session + 2) if turn_of(group.plans[n], taker)]
            second = data.draw(st.sampled_from([None, *theirs]))
            if group.swap(first, giver, taker, second):
                always -= {giver} if second is None else {giver, taker}
        group.plan_again_if_out_of_turn(session, consultations)
        _hold(group, session, data, always)
        turns = {t.membership_id: t.turns for t in tally(group.members, group.history)}
        if always:
            assert max(turns.values()) <= min(turns[m] for m in always) + 1


def _hold(group: Group, session: int, data: st.DataObject, always: set[int]) -> None:
    """Hold a session: the turn of an absent client goes to the next who is willing and there, or is postponed."""
    today = group.plans.pop(session)
    assert role_reasons_without_reserve(today, group.members) == []
    before = {t.membership_id: t.turns for t in tally(group.members, group.history)}
    absent = data.draw(st.sets(st.sampled_from(group.members), max_size=2), label="absent")
    always -= absent
    passing = group.passing.get(session, set())
    gone: set[int] = set()
    for position in sorted({a.position for a in today}):
        planned = next((a.membership_id for a in today if a.position == position and a.role is C), None)
        if planned is None:
            continue
        order = rotation(tally(group.members, group.history), passing)
        willing = [m for m in order if m not in absent | gone | clients_of(today)]
        client = planned if planned not in absent else next(iter(willing), None)
        if client is None:
            group.history.append(PastTurn(_at(session).date(), planned, planned, TurnStatus.POSTPONED))
            continue
        status = TurnStatus.HELD if client == planned else TurnStatus.SWAPPED
        reason = None if client == planned else TurnReason.ABSENCE
        group.history.append(PastTurn(_at(session).date(), client, planned, status, reason, excused=True))
        gone.add(client)
    waiting = set(group.members) - passing - absent - gone
    assert all(before[client] <= before[m] for client in gone for m in waiting)


def role_reasons_without_reserve(roles: tuple[Assigned, ...], members: range) -> list[str]:
    """Return why a plan is refused, but for a consultation that nobody takes or that has no reserve left."""
    reasons = (reason.code for reason in role_reasons(roles, members))
    return [code for code in reasons if code not in {"one_client", "one_reserve"}]
