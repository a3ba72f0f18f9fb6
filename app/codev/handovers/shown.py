"""What a session's page and the API show of turns handed over."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.codev.groups.models import CodevMembership
from app.codev.groups.people import own_membership
from app.codev.handovers.models import CodevPass, CodevSwap
from app.codev.handovers.rules import turn_of
from app.codev.handovers.schemas import ExchangeTurn, HandoversShown, PassShown, SwapChoice, SwapShown
from app.codev.handovers.service import Exchange, Swaps, closed_code
from app.codev.records.service import roster
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import CodevSession, RoleAssignment
from app.codev.sessions.plans import plan_in
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.permissions import Role


def handovers(db: Session, actor: Actor, meeting: CodevSessionRef) -> HandoversShown:
    """Return the turns passed and swapped in a session, and what the actor may do with theirs."""
    own = own_membership(db, actor, meeting.group_id)
    own_position = turn_of(plan_in(db, meeting.id), own) if own is not None else None
    is_open = closed_code(db, meeting) is None and not _is_archived(db, meeting)
    names, swaps = _names(db, meeting.group_id), Swaps(db, meeting.group_id)
    return HandoversShown(
        own_position=own_position,
        is_open=is_open,
        choices=_choices(db, actor, meeting, own, swaps) if own is not None and own_position and is_open else (),
        passes=_passes(db, meeting, names),
        swaps=tuple(
            _swap(row, own, names, _refusals(db, actor, row[0], swaps)) for row in _swap_rows(db, actor, meeting, own)
        ),
    )


def _is_archived(db: Session, meeting: CodevSessionRef) -> bool:
    return db.get_one(Cohort, meeting.cohort_id).state is CohortState.ARCHIVED


def _names(db: Session, group_id: int) -> dict[int, str]:
    statement = (
        select(CodevMembership.id, Person)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(CodevMembership.group_id == group_id)
    )
    return {id_: person.name for id_, person in db.exec(statement).all()}


def _choices(db: Session, actor: Actor, meeting: CodevSessionRef, own: int, swaps: Swaps) -> tuple[SwapChoice, ...]:
    """Return who may be asked: those with a turn to come, for each of them, then whoever may take one's turn."""
    sessions = _turns_to_come(db, actor, meeting)
    people = [(id_, name) for id_, name in roster(db, meeting) if id_ != own]
    exchanges = [
        SwapChoice(asked_id=id_, name=name, exchange=_exchange_turn(other))
        for id_, name in people
        for other, clients in sessions
        if id_ in clients and not swaps.reasons(Exchange(meeting, other, own, id_))
    ]
    taken = [
        SwapChoice(asked_id=id_, name=name, exchange=None)
        for id_, name in people
        if not swaps.reasons(Exchange(meeting, None, own, id_))
    ]
    return (*exchanges, *taken)


def _turns_to_come(db: Session, actor: Actor, meeting: CodevSessionRef) -> list[tuple[CodevSessionRef, frozenset[int]]]:
    """Return the group's sessions whose turns change hands with their planned clients, in order of time."""
    statement = (
        sa.select(col(CodevSession.id), sa.func.array_agg(RoleAssignment.membership_id))
        .join(RoleAssignment, col(RoleAssignment.session_id) == CodevSession.id)
        .where(
            col(CodevSession.group_id) == meeting.group_id,
            col(CodevSession.starts_at) > now(),
            col(RoleAssignment.role) == CodevRole.CLIENT,
        )
        .group_by(col(CodevSession.id), col(CodevSession.starts_at))
        .order_by(col(CodevSession.starts_at), col(CodevSession.id))
    )
    planned = [(see_codev_session(db, actor, id_), frozenset(clients)) for id_, clients in db.execute(statement)]
    return [(session, clients) for session, clients in planned if closed_code(db, session) is None]


def _exchange_turn(meeting: CodevSessionRef | CodevSession) -> ExchangeTurn:
    return ExchangeTurn(session_id=meeting.id, starts_at=meeting.starts_at, timezone=meeting.timezone)


def _passes(db: Session, meeting: CodevSessionRef, names: Mapping[int, str]) -> tuple[PassShown, ...]:
    rows = db.exec(select(CodevPass).where(CodevPass.session_id == meeting.id).order_by(col(CodevPass.id))).all()
    return tuple(
        PassShown(
            position=row.position,
            name=names[row.membership_id],
            taken_by=names[row.taken_by_id] if row.taken_by_id is not None else None,
            passed_at=row.passed_at,
        )
        for row in rows
    )


_SwapRow: TypeAlias = tuple[CodevSwap, CodevSession, CodevSession | None]
"""A swap, the session whose turn is given, and that of the turn given in exchange."""


def _swap_rows(db: Session, actor: Actor, meeting: CodevSessionRef, own: int | None) -> Sequence[_SwapRow]:
    """Return the swaps of a session, newest first: to a member, those that they are in."""
    leads = any(g.group_id == meeting.group_id and g.role is Role.FACILITATOR for g in actor.grants)
    other = aliased(CodevSession)
    statement = (
        select(CodevSwap, CodevSession, other)
        .join(CodevSession, col(CodevSession.id) == CodevSwap.session_id)
        .outerjoin(other, col(other.id) == CodevSwap.exchange_session_id)
        .where((CodevSwap.session_id == meeting.id) | (CodevSwap.exchange_session_id == meeting.id))
        .order_by(col(CodevSwap.id).desc())
    )
    if not leads:
        statement = statement.where((CodevSwap.membership_id == own) | (CodevSwap.asked_id == own))
    return db.exec(statement).all()


def _swap(row: _SwapRow, own: int | None, names: Mapping[int, str], refusals: tuple[str, ...]) -> SwapShown:
    swap, given, other = row
    return SwapShown(
        id=swap.id,
        name=names[swap.membership_id],
        asked=names[swap.asked_id],
        given=_exchange_turn(given),
        exchange=_exchange_turn(other) if other is not None else None,
        proposed_at=swap.proposed_at,
        outcome=swap.outcome,
        ended_at=swap.ended_at,
        is_own=swap.membership_id == own,
        is_asked=swap.asked_id == own,
        refusals=refusals,
    )


def _refusals(db: Session, actor: Actor, swap: CodevSwap, swaps: Swaps) -> tuple[str, ...]:
    """Return why a swap that waits for its answer can no longer be."""
    if swap.outcome is not None:
        return ()
    ids = [swap.session_id, *([swap.exchange_session_id] if swap.exchange_session_id else [])]
    meetings = [see_codev_session(db, actor, id_) for id_ in ids]
    closed = [code for m in meetings if (code := closed_code(db, m)) is not None]
    if closed:
        return (closed[0],)
    other = meetings[1] if swap.exchange_session_id else None
    exchange = Exchange(meetings[0], other, swap.membership_id, swap.asked_id)
    return tuple(reason.code for reason in swaps.reasons(exchange))
