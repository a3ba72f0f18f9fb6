"""What members and the facilitator are told of turns handed over: never who, which the session's page says (BR-11)."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import col

from app.codev.groups.models import CodevMembership
from app.codev.handovers.models import CodevPass, CodevSwap
from app.codev.sessions.models import CodevSession
from app.codev.sessions.notices import facilitators_of, tell_of_session
from app.cohorts.models import Enrolment
from app.notifications.enums import Kind
from app.platform.database.session import Session


def tell_passed(db: Session, turn: CodevPass, reserve_id: int | None) -> None:
    """Tell the facilitator that a turn was passed, whoever takes it, and the new reserve if there is one."""
    key, session = f"pass:{turn.id}", db.get_one(CodevSession, turn.session_id)
    tell_of_session(db, session, Kind.TURN_PASSED, key, facilitators_of(db, session))
    tell_of_session(db, session, Kind.TURN_TAKEN, key, _people(db, turn.taken_by_id))
    tell_of_session(db, session, Kind.RESERVE_TAKEN, key, _people(db, reserve_id))


def tell_proposed(db: Session, swap: CodevSwap) -> None:
    """Tell whoever is asked that a member proposes them a swap."""
    _tell(db, Kind.SWAP_PROPOSED, f"swap:{swap.id}", swap.session_id, _people(db, swap.asked_id))


def tell_accepted(db: Session, swap: CodevSwap, reserves: Collection[tuple[int, int]]) -> None:
    """Tell whoever proposed a swap and the facilitator that it is accepted, and who is a reserve by it, by session."""
    people = {*_people(db, swap.membership_id), *facilitators_of(db, db.get_one(CodevSession, swap.session_id))}
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


def _tell(db: Session, kind: Kind, key: str, session_id: int, people: Collection[int]) -> None:
    tell_of_session(db, db.get_one(CodevSession, session_id), kind, key, people)
