"""Passing one's turn as client, and swapping it with another member, before the session."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import col, select

from app.codev.groups.models import CodevGroup
from app.codev.groups.people import own_membership
from app.codev.handovers.enums import SwapOutcome
from app.codev.handovers.models import CodevPass, CodevSwap
from app.codev.handovers.notices import tell_accepted, tell_called_off, tell_declined, tell_passed, tell_proposed
from app.codev.handovers.rules import Side, give_turn, next_taker, swap_reasons, turn_of
from app.codev.handovers.schemas import SwapAnswer, SwapCommand, SwapRef
from app.codev.live.service import settled_by
from app.codev.records.service import current_record, roster
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import CodevSession
from app.codev.sessions.plans import GroupTurns, passing_in, plan_in, turns_of, write_plan
from app.codev.sessions.rules import Assigned, rotation
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.cohorts.models import Cohort
from app.cohorts.service import require_not_archived
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason
from app.platform.security.actor import Actor, scoped

SETTLED = "turns_settled"
"""The code of what comes too late: the session has begun, has a record, or its turns changed on its screen."""


def pass_turn(db: Session, actor: Actor, meeting: CodevSessionRef) -> None:
    """Pass one's turn as client in a session to come: the reserve, or the next who is willing, takes it.

    Raises ``Conflict``: ``cohort_archived``, ``session_cancelled``, ``turns_settled``, ``not_ones_turn``.
    """
    require_not_archived(db.get_one(Cohort, meeting.cohort_id))
    _lock_open(db, meeting.id)
    plan = plan_in(db, meeting.id)
    own = own_membership(db, actor, meeting.group_id)
    position = turn_of(plan, own) if own is not None else None
    if own is None or position is None:
        raise Conflict("not_ones_turn")
    willing = [m for m in _willing(db, meeting, plan) if m != own]
    taker_id = next_taker(plan, position, willing)
    after = give_turn(plan, position, taker_id, willing)
    row = CodevPass(
        college_id=meeting.college_id,
        session_id=meeting.id,
        position=position,
        membership_id=own,
        taken_by_id=taker_id,
        passed_at=now(),
        passed_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    write_plan(db, meeting, after)
    new = _new_reserves(plan, after)
    tell_passed(db, row, new[0] if new else None)


def propose_swap(db: Session, actor: Actor, meeting: CodevSessionRef, command: SwapCommand) -> int:
    """Ask a member to take one's turn in a session to come, for theirs in another one or not; return the swap's id.

    Raises ``Conflict``: as :func:`pass_turn`, ``swap_proposed`` to someone who has not answered yet; ``Invalid`` with
    the reasons of ``swap_reasons``, ``exchange_unknown`` for a session that is none of the group.
    """
    require_not_archived(db.get_one(Cohort, meeting.cohort_id))
    other = _exchange_session(db, actor, meeting, command.exchange_session_id)
    _lock_open(db, meeting.id, *([other.id] if other else []))
    own = own_membership(db, actor, meeting.group_id)
    if own is None or turn_of(plan_in(db, meeting.id), own) is None:
        raise Conflict("not_ones_turn")
    if reasons := Swaps(db, meeting.group_id).reasons(Exchange(meeting, other, own, command.asked_id)):
        raise Invalid("invalid", *reasons)
    waiting = select(CodevSwap.id).where(
        CodevSwap.session_id == meeting.id,
        CodevSwap.membership_id == own,
        CodevSwap.asked_id == command.asked_id,
        col(CodevSwap.ended_at).is_(None),
    )
    if db.exec(waiting).first() is not None:
        raise Conflict("swap_proposed", Reason("swap_proposed", field="asked_id"))
    row = CodevSwap(
        **command.model_dump(),
        college_id=meeting.college_id,
        session_id=meeting.id,
        membership_id=own,
        proposed_at=now(),
        proposed_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    tell_proposed(db, row)
    return row.id


def see_swap(db: Session, actor: Actor, swap_id: int) -> SwapRef:
    """Return a swap that the actor proposed or is asked for; raise ``NotFound`` for any other."""
    row = db.exec(
        select(CodevSwap, CodevSession.group_id, CodevGroup.cohort_id)
        .join(CodevSession, col(CodevSession.id) == CodevSwap.session_id)
        .join(CodevGroup, col(CodevGroup.id) == CodevSession.group_id)
        .where(CodevSwap.id == swap_id, scoped(actor, college=CodevSwap.college_id, group=CodevSession.group_id))
    ).one_or_none()
    if row is None:
        raise NotFound
    swap, group_id, cohort_id = row
    own = own_membership(db, actor, group_id)
    if own is None or own not in {swap.membership_id, swap.asked_id}:
        raise NotFound
    shared = swap.model_dump(include=set(SwapRef.model_fields))
    return SwapRef(**shared, group_id=group_id, cohort_id=cohort_id, is_asked=own == swap.asked_id)


def answer_swap(db: Session, actor: Actor, ref: SwapRef, command: SwapAnswer) -> None:
    """Accept or decline a swap, as whoever is asked; accepted, the turns change hands at once.

    Raises ``NotFound`` for whoever proposed it, ``Conflict``: ``cohort_archived``, ``swap_over`` once it has its
    answer, or with the reasons of ``swap_reasons``, ``session_cancelled``, ``turns_settled``.
    """
    if not ref.is_asked:
        raise NotFound
    require_not_archived(db.get_one(Cohort, ref.cohort_id))
    if not command.is_accepted:
        tell_declined(db, _end(db, ref, SwapOutcome.DECLINED, actor))
        return
    sessions = [ref.session_id, *([ref.exchange_session_id] if ref.exchange_session_id else [])]
    _lock_open(db, *sessions)
    swap = _end(db, ref, SwapOutcome.ACCEPTED, actor)
    meetings = [see_codev_session(db, actor, id_) for id_ in sessions]
    exchange = Exchange(meetings[0], meetings[1] if ref.exchange_session_id else None, ref.membership_id, ref.asked_id)
    if reasons := Swaps(db, ref.group_id).reasons(exchange):
        raise Conflict("swap_over", *reasons)
    tell_accepted(db, swap, _change_hands(db, exchange))


def withdraw_swap(db: Session, actor: Actor, ref: SwapRef) -> None:
    """Take a swap back, as whoever proposed it; raise ``NotFound`` for whoever is asked, ``Conflict("swap_over")``."""
    if ref.is_asked:
        raise NotFound
    require_not_archived(db.get_one(Cohort, ref.cohort_id))
    tell_called_off(db, _end(db, ref, SwapOutcome.WITHDRAWN, actor))


def closed_code(db: Session, session: CodevSession | CodevSessionRef) -> str | None:
    """Return why turns of a session no longer change hands here; ``None`` while they do."""
    if session.cancelled_at is not None:
        return "session_cancelled"
    is_settled = (
        session.starts_at <= now()
        or db.exec(current_record(session.id)).first() is not None
        or settled_by(db, session.id) is not None
    )
    return SETTLED if is_settled else None


@dataclass(frozen=True, slots=True)
class Exchange:
    """Two members of whom one takes the other's turn in a session, for theirs in ``other`` if there is one."""

    meeting: CodevSessionRef
    other: CodevSessionRef | None
    giver_id: int
    asked_id: int

    @property
    def given(self) -> list[tuple[CodevSessionRef, int, int]]:
        """Return the turns that change hands: the session, who gives theirs, who takes it."""
        given = [(self.meeting, self.giver_id, self.asked_id)]
        return given if self.other is None else [*given, (self.other, self.asked_id, self.giver_id)]


class Swaps:
    """What the swaps of a group depend on, each session's part read once."""

    def __init__(self, db: Session, group_id: int) -> None:
        self._db, self._group_id = db, group_id
        self._sessions: dict[int, tuple[Sequence[Assigned], list[int], frozenset[int]]] = {}

    @cached_property
    def _turns(self) -> GroupTurns:
        return turns_of(self._db, self._group_id)

    def reasons(self, exchange: Exchange) -> list[Reason]:
        """Return why a swap cannot be; the later session's turns are counted as the earlier one would leave them."""
        turns, sides = self._turns, []
        for session, giver_id, taker_id in sorted(exchange.given, key=lambda turn: (turn[0].starts_at, turn[0].id)):
            plan, members, passing = self._session(session)
            tallies = turns.before(members, session.starts_at, session.id)
            sides.append(Side(session.id, plan, giver_id, taker_id, tallies, passing))
            turns = turns.swapped(session.id, giver_id, taker_id)
        return swap_reasons(*sides)

    def _session(self, session: CodevSessionRef) -> tuple[Sequence[Assigned], list[int], frozenset[int]]:
        if session.id not in self._sessions:
            plan = plan_in(self._db, session.id)
            members = [id_ for id_, _ in roster(self._db, session)]
            self._sessions[session.id] = (plan, members, passing_in(self._db, session.id, plan))
        return self._sessions[session.id]


def _change_hands(db: Session, exchange: Exchange) -> list[tuple[int, int]]:
    """Write the plans of an accepted swap; return whom they make a reserve, by session."""
    reserves = []
    for session in {session.id: session for session, _, _ in exchange.given}.values():
        before = plan_in(db, session.id)
        willing, after = _willing(db, session, before), before
        for given_in, giver_id, taker_id in exchange.given:
            position = turn_of(before, giver_id)
            if given_in.id == session.id and position is not None:
                after = give_turn(after, position, taker_id, willing)
        write_plan(db, session, after)
        reserves += [(session.id, id_) for id_ in _new_reserves(before, after)]
    return reserves


def _new_reserves(before: Sequence[Assigned], after: Sequence[Assigned]) -> list[int]:
    """Return who is a reserve in a plan and was none of the same consultation in the plan before."""
    return [a.membership_id for a in after if a.role is CodevRole.RESERVE and a not in before]


def _willing(db: Session, meeting: CodevSessionRef, plan: Sequence[Assigned]) -> list[int]:
    """Return the members of the day in the order of the rotation, without those who gave their turn up in it."""
    members = [id_ for id_, _ in roster(db, meeting)]
    tallies = turns_of(db, meeting.group_id).before(members, meeting.starts_at, meeting.id)
    return rotation(tallies, passing_in(db, meeting.id, plan))


def _exchange_session(
    db: Session, actor: Actor, meeting: CodevSessionRef, session_id: int | None
) -> CodevSessionRef | None:
    if session_id is None:
        return None
    try:
        other = see_codev_session(db, actor, session_id)
    except NotFound:
        other = None
    if other is None or other.group_id != meeting.group_id:
        raise Invalid("invalid", Reason("exchange_unknown", field="exchange_session_id"))
    return other


def _lock_open(db: Session, *session_ids: int) -> None:
    """Lock sessions, in the order of their ids; raise ``Conflict`` when the turns of one no longer change hands."""
    for id_ in sorted(set(session_ids)):
        row = db.get_one(CodevSession, id_, with_for_update={"key_share": True}, populate_existing=True)
        if (code := closed_code(db, row)) is not None:
            raise Conflict(code)


def _end(db: Session, ref: SwapRef, outcome: SwapOutcome, actor: Actor) -> CodevSwap:
    """End a swap that waits for its answer, its row locked; raise ``Conflict("swap_over")`` for another."""
    swap = db.get_one(CodevSwap, ref.id, with_for_update={"key_share": True}, populate_existing=True)
    if swap.ended_at is not None:
        raise Conflict("swap_over")
    swap.outcome, swap.ended_at, swap.ended_by = outcome, now(), actor.person_id
    db.add(swap)
    db.flush()
    return swap
