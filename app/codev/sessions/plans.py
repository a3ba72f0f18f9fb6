"""The planned roles of sessions as rules take them, the turns that they count, and a new plan in place of one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from app.codev.handovers.enums import SwapOutcome
from app.codev.handovers.lapses import lapse
from app.codev.handovers.models import CodevPass, CodevSwap
from app.codev.records.models import CodevRecord
from app.codev.records.service import history, roster
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import CodevSession, RoleAssignment
from app.codev.sessions.rules import Assigned, PastTurn, PlannedTurn, Tally, is_out_of_turn, turns_before
from app.codev.sessions.schemas import CodevSessionRef
from app.platform.database.session import Session
from app.platform.messages.i18n import local


@dataclass(frozen=True, slots=True)
class GroupTurns:
    """The turns of a group: those of its records, and those planned in its sessions without a record."""

    history: Sequence[PastTurn]
    planned: Sequence[PlannedTurn]

    def before(self, members: Iterable[int], starts_at: datetime, session_id: int) -> list[Tally]:
        """Return the turns of each member before a session."""
        return turns_before(members, self.history, self.planned, starts_at, session_id)

    def swapped(self, session_id: int, giver_id: int, taker_id: int) -> "GroupTurns":
        """Return the turns once someone has given theirs in a session to another."""
        changed = (
            replace(turn, client_id=taker_id) if (turn.session_id, turn.client_id) == (session_id, giver_id) else turn
            for turn in self.planned
        )
        return replace(self, planned=tuple(changed))


def turns_of(db: Session, group_id: int) -> GroupTurns:
    """Return the turns of a group, had and planned."""
    recorded = sa.exists().where(col(CodevRecord.session_id) == CodevSession.id)
    statement = (
        sa.select(
            col(CodevSession.id), col(CodevSession.starts_at), col(CodevSession.timezone),
            col(RoleAssignment.membership_id),
        )
        .join(RoleAssignment, col(RoleAssignment.session_id) == CodevSession.id)
        .where(
            col(CodevSession.group_id) == group_id,
            col(CodevSession.cancelled_at).is_(None),
            col(RoleAssignment.role) == CodevRole.CLIENT,
            ~recorded,
        )
    )  # fmt: skip
    planned = [
        PlannedTurn(id_, starts_at, local(starts_at, zone).date(), client_id)
        for id_, starts_at, zone, client_id in db.execute(statement)
    ]
    return GroupTurns(history(db, group_id), planned)


def plan_in(db: Session, session_id: int) -> tuple[Assigned, ...]:
    """Return the planned roles of a session."""
    rows = db.exec(select(RoleAssignment).where(RoleAssignment.session_id == session_id)).all()
    return tuple(Assigned(r.position, r.membership_id, r.role) for r in rows)


def passing_in(db: Session, session_id: int, plan: Iterable[Assigned]) -> frozenset[int]:
    """Return who gave their turn up in a session, by a pass or a swap, and has none in it again."""
    passed = sa.select(col(CodevPass.membership_id)).where(col(CodevPass.session_id) == session_id)
    accepted = col(CodevSwap.outcome) == SwapOutcome.ACCEPTED
    gave = sa.select(col(CodevSwap.membership_id)).where(col(CodevSwap.session_id) == session_id, accepted)
    exchanged = sa.select(col(CodevSwap.asked_id)).where(col(CodevSwap.exchange_session_id) == session_id, accepted)
    clients = {a.membership_id for a in plan if a.role is CodevRole.CLIENT}
    return frozenset(db.execute(sa.union(passed, gave, exchanged)).scalars()) - clients


def write_plan(db: Session, meeting: CodevSessionRef, plan: Iterable[Assigned]) -> None:
    """Put a plan of roles in place of the present one; swaps whose turn is no longer there lapse."""
    for row in db.exec(select(RoleAssignment).where(RoleAssignment.session_id == meeting.id)).all():
        db.delete(row)
    db.flush()  # so that the new one may use its positions
    db.add_all(
        RoleAssignment(
            college_id=meeting.college_id,
            session_id=meeting.id,
            position=a.position,
            membership_id=a.membership_id,
            role=a.role,
        )
        for a in plan
    )
    db.flush()
    lapse(db, meeting.id)


def clients_out_of_turn(db: Session, meeting: CodevSessionRef) -> tuple[str, ...]:
    """Return the names of the planned clients who would go before someone who waits and had fewer turns.

    A turn that changed hands in an earlier session makes a plan so; the facilitator may keep it.
    """
    plan = plan_in(db, meeting.id)
    names = dict(roster(db, meeting))
    tallies = turns_of(db, meeting.group_id).before(names, meeting.starts_at, meeting.id)
    clients = {a.membership_id for a in plan if a.role is CodevRole.CLIENT}
    not_waiting = clients | passing_in(db, meeting.id, plan)
    waiting = [t for t in tallies if t.membership_id not in not_waiting]
    return tuple(names[t.membership_id] for t in tallies if t.membership_id in clients and is_out_of_turn(t, waiting))
