"""Free seats go to those who wait: offers that expired end, and each free seat is offered to the next person.

One job for both, on a cohort: the row is the truth, and a run that comes late, twice, or beside another one changes
nothing that was not due. Who frees a seat enqueues it; the sweep looks for offers that have expired every minute. No
person acts here, so that nobody's own place depends on what they do to others (docs/decisions/0014).

Lock order: the cohort's row, then the enrolments by id, as everywhere.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.cohorts.enrolments.history import record_move
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import TAKES_PEOPLE, last_day_to_join
from app.cohorts.waitlist.enums import OfferAnswer
from app.cohorts.waitlist.models import SeatOffer
from app.cohorts.waitlist.order import waiting_ids
from app.cohorts.waitlist.rules import expiry, seats_to_offer
from app.network.models import College
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.jobs.job import JobContext, Queue, RowJob

S = EnrolmentState


def fill_seats(database: Database, cohort_id: int) -> None:
    """End a cohort's overdue offers, then offer its free seats to the first people of its waitlist."""
    with database.as_owner() as db:
        lock = select(Cohort).where(Cohort.id == cohort_id).with_for_update(key_share=True)
        cohort = db.exec(lock).one_or_none()
        if cohort is None:
            return
        overdue = db.exec(_overdue(cohort_id)).all()
        free = _seats_to_offer(db, cohort, len(overdue))
        chosen = waiting_ids(db, cohort_id, limit=free) if free else []
        enrolments = _lock_enrolments(db, [*(offer.enrolment_id for offer in overdue), *chosen])
        for offer in overdue:
            _expire(db, offer, enrolments[offer.enrolment_id])
        for enrolment_id in chosen:
            _offer(db, cohort, enrolments[enrolment_id])


def _overdue(cohort_id: int) -> SelectOfScalar[SeatOffer]:
    return (
        select(SeatOffer)
        .join(Enrolment, col(Enrolment.id) == SeatOffer.enrolment_id)
        .where(
            col(Enrolment.cohort_id) == cohort_id,
            col(SeatOffer.answered_at).is_(None),
            col(SeatOffer.expires_at) <= now(),
        )
        .order_by(col(SeatOffer.id))
    )


def _seats_to_offer(db: Session, cohort: Cohort, freed: int) -> int:
    if cohort.state not in TAKES_PEOPLE or db.get_one(College, cohort.college_id).closed_at is not None:
        return 0
    return seats_to_offer(
        seated=cohort.seated - freed,
        capacity=cohort.capacity,
        at=now(),
        limit=last_day_to_join(cohort),
        timezone=cohort.timezone,
    )


def _lock_enrolments(db: Session, ids: Sequence[int]) -> dict[int, Enrolment]:
    """Return these enrolments by id, locked in the order of their ids."""
    lock = select(Enrolment).where(col(Enrolment.id).in_(ids)).order_by(col(Enrolment.id))
    return {row.id: row for row in db.exec(lock.with_for_update(key_share=True)).all()}


def _expire(db: Session, offer: SeatOffer, row: Enrolment) -> None:
    offer.answered_at, offer.answer = now(), OfferAnswer.EXPIRED
    row.state = S.DECLINED
    db.add(offer)
    db.add(row)
    record_move(db, row, S.OFFERED, by=None)


def _offer(db: Session, cohort: Cohort, row: Enrolment) -> None:
    at = now()
    offer = SeatOffer(
        college_id=row.college_id,
        enrolment_id=row.id,
        offered_at=at,
        expires_at=expiry(at, cohort.offer_hours, limit=last_day_to_join(cohort), timezone=cohort.timezone),
    )
    row.state = S.OFFERED
    db.add(offer)
    db.add(row)
    record_move(db, row, S.WAITLISTED, by=None, until=offer.expires_at)


def cohorts_to_fill(database: Database) -> list[int]:
    """Return the cohorts with an overdue offer, or with people who wait while a seat may be offered."""
    overdue = (
        sa.select(col(Enrolment.cohort_id))
        .join(SeatOffer, col(SeatOffer.enrolment_id) == Enrolment.id)
        .where(col(SeatOffer.answered_at).is_(None), col(SeatOffer.expires_at) <= now())
    )
    waited_for = sa.select(col(Enrolment.cohort_id)).where(col(Enrolment.state) == S.WAITLISTED)
    with database.as_owner() as db:
        ids = set(db.execute(overdue).scalars())
        has_room = select(Cohort).where(col(Cohort.id).in_(waited_for), col(Cohort.seated) < Cohort.capacity)
        for cohort in db.exec(has_room).all():
            if _seats_to_offer(db, cohort, 0) and waiting_ids(db, cohort.id, limit=1):
                ids.add(cohort.id)
    return sorted(ids)


def _fill(context: JobContext, cohort_id: int) -> None:
    fill_seats(context.database, cohort_id)


FILL = RowJob("fill_seats", _fill, lambda context: cohorts_to_fill(context.database), Queue.LETTERS)
"""Ends overdue offers of a cohort and offers its free seats; people wait for what it tells them."""
