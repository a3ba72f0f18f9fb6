"""The offer of a seat to someone who waited: the open one, and its end."""

from sqlmodel import col, select

from app.cohorts.models import Enrolment
from app.cohorts.waitlist.models import SeatOffer
from app.cohorts.waitlist.rules import answer_of
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor


def open_offer(db: Session, enrolment_id: int) -> SeatOffer | None:
    """Return the offer of an enrolment that nobody has answered."""
    statement = select(SeatOffer).where(SeatOffer.enrolment_id == enrolment_id, col(SeatOffer.answered_at).is_(None))
    return db.exec(statement).one_or_none()


def end_offer(db: Session, actor: Actor, row: Enrolment) -> None:
    """End the open offer of a locked enrolment, as its new state answers it."""
    offer = open_offer(db, row.id)
    if offer is not None:
        offer.answered_at, offer.answered_by, offer.answer = now(), actor.person_id, answer_of(row.state)
        db.add(offer)
        db.flush()
