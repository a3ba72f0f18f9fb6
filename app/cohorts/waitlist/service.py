"""The waitlist of a cohort as a coordinator reads and orders it."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.cohorts.applications.service import log_applications
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Application, Cohort, Enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.waitlist.models import SeatOffer, WaitlistPriority
from app.cohorts.waitlist.order import waiting
from app.cohorts.waitlist.schemas import OfferHours, PriorityCommand, SeatOffered, Waiting, WaitlistShown
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict
from app.platform.security.actor import Actor

OFFERS_SHOWN = 50
"""How many of the newest offers are shown."""


def waitlist(db: Session, cohort: CohortRef) -> WaitlistShown:
    """Return a cohort's waitlist in its order, and the newest offers; what it reads of people is logged."""
    row = db.exec(select(Cohort).where(Cohort.id == cohort.id)).one()
    people = waiting(cohort.id, col(Enrolment.person_id), shown_name().label("name"), col(Application.received_at))
    waits = db.execute(people.join(Person, col(Person.id) == Enrolment.person_id)).all()
    offers = db.execute(_offers(cohort)).all()
    log_applications(db, cohort, [one.person_id for one in (*waits, *offers)])
    return WaitlistShown(
        capacity=row.capacity,
        seated=row.seated,
        offer_hours=row.offer_hours,
        waiting=tuple(
            Waiting.model_validate({**one._mapping, "enrolment_id": one.id, "position": place})
            for place, one in enumerate(waits, 1)
        ),
        offers=tuple(SeatOffered.model_validate(one) for one in offers),
    )


def _offers(cohort: CohortRef) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of a cohort's offers: those that stand first, then the newest."""
    return (
        sa.select(
            *(
                col(c)
                for c in (
                    SeatOffer.enrolment_id, SeatOffer.offered_at, SeatOffer.expires_at, SeatOffer.answered_at,
                    SeatOffer.answer, Enrolment.person_id,
                )
            ),
            shown_name().label("name"),
        )
        .select_from(SeatOffer)
        .join(Enrolment, col(Enrolment.id) == SeatOffer.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(col(Enrolment.cohort_id) == cohort.id)
        .order_by(col(SeatOffer.answered_at).is_not(None), col(SeatOffer.id).desc())
        .limit(OFFERS_SHOWN)
    )  # fmt: skip


def set_offer_hours(db: Session, cohort: CohortRef, command: OfferHours) -> WaitlistShown:
    """Set for how many hours seats are offered from now on; offers that stand keep theirs."""
    row = db.get_one(Cohort, cohort.id, with_for_update={"key_share": True}, populate_existing=True)
    row.offer_hours = command.offer_hours
    db.add(row)
    db.flush()
    return waitlist(db, cohort)


def set_priority(db: Session, actor: Actor, enrolment: EnrolmentRef, command: PriorityCommand) -> None:
    """Let someone who waits come first, or no longer, for a reason; raise ``Conflict("not_waiting")`` otherwise."""
    db.get_one(Cohort, enrolment.cohort_id, with_for_update={"key_share": True}, populate_existing=True)
    state = select(Enrolment.state).where(Enrolment.id == enrolment.id)
    if db.exec(state).one() is not EnrolmentState.WAITLISTED:
        raise Conflict("not_waiting")
    db.add(
        WaitlistPriority(
            college_id=enrolment.college_id,
            enrolment_id=enrolment.id,
            is_first=command.is_first,
            reason=command.reason,
            decided_at=now(),
            decided_by=actor.person_id,
        )
    )
    db.flush()
