"""What members and the facilitator are told of turns handed over: never who, which the session's page says (BR-11)."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import col

from app.codev.contracts.notices import is_inside
from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.handovers.models import CodevPass, CodevSwap
from app.codev.sessions.models import CodevSession
from app.cohorts.models import Cohort, Enrolment
from app.identity.roles.models import RoleGrantRow
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.database.session import Session
from app.platform.security.permissions import Role


def tell_passed(db: Session, turn: CodevPass, reserve_id: int | None) -> None:
    """Tell the facilitator that a turn was passed, whoever takes it, and the new reserve if there is one."""
    key = f"pass:{turn.id}"
    _tell(db, Kind.TURN_PASSED, key, turn.session_id, _facilitators(db, turn.session_id))
    _tell(db, Kind.TURN_TAKEN, key, turn.session_id, _people(db, turn.taken_by_id))
    _tell(db, Kind.RESERVE_TAKEN, key, turn.session_id, _people(db, reserve_id))


def tell_proposed(db: Session, swap: CodevSwap) -> None:
    """Tell whoever is asked that a member proposes them a swap."""
    _tell(db, Kind.SWAP_PROPOSED, f"swap:{swap.id}", swap.session_id, _people(db, swap.asked_id))


def tell_accepted(db: Session, swap: CodevSwap, reserves: Collection[tuple[int, int]]) -> None:
    """Tell whoever proposed a swap and the facilitator that it is accepted, and who is a reserve by it, by session."""
    people = {*_people(db, swap.membership_id), *_facilitators(db, swap.session_id)}
    _tell(db, Kind.SWAP_ACCEPTED, f"swap:{swap.id}", swap.session_id, people)
    for session_id, membership_id in reserves:
        key = f"swap:{swap.id}:{session_id}"
        _tell(db, Kind.RESERVE_TAKEN, key, session_id, _people(db, membership_id))


def tell_declined(db: Session, swap: CodevSwap) -> None:
    """Tell whoever proposed a swap that it is declined."""
    _tell(db, Kind.SWAP_DECLINED, f"swap:{swap.id}", swap.session_id, _people(db, swap.membership_id))


def tell_called_off(db: Session, swap: CodevSwap) -> None:
    """Tell whoever was asked that a swap needs no answer any more."""
    _tell(db, Kind.SWAP_CALLED_OFF, f"swap:{swap.id}", swap.session_id, _people(db, swap.asked_id))


def _people(db: Session, membership_id: int | None) -> list[int]:
    statement = (
        sa.select(col(Enrolment.person_id))
        .join(CodevMembership, col(CodevMembership.enrolment_id) == Enrolment.id)
        .where(col(CodevMembership.id) == membership_id)
    )
    return list(db.execute(statement).scalars())


def _facilitators(db: Session, session_id: int) -> list[int]:
    statement = (
        sa.select(col(RoleGrantRow.person_id))
        .join(CodevSession, col(CodevSession.group_id) == RoleGrantRow.group_id)
        .where(is_inside(), col(RoleGrantRow.role) == Role.FACILITATOR, col(CodevSession.id) == session_id)
    )
    return list(db.execute(statement).scalars())


def _tell(db: Session, kind: Kind, key: str, session_id: int, people: Collection[int]) -> None:
    session = db.get_one(CodevSession, session_id)
    cohort = db.get_one(Cohort, db.get_one(CodevGroup, session.group_id).cohort_id)
    about = {"cohort": cohort.title, "starts_at": session.starts_at, "timezone": session.timezone}
    notify(db, Event(kind, key, people, f"/codev/seances/{session.id}", about, session.college_id))
