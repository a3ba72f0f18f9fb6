"""One's own application: where it stands, the answer to an offer, and its end by its author."""

import sqlalchemy as sa
from sqlmodel import col, select

from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enrolments.service import change
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Application, Cohort, Enrolment
from app.cohorts.rules import PENDING, admission_exceptions, last_day_to_join
from app.cohorts.service import in_offer
from app.cohorts.waitlist.models import SeatOffer
from app.cohorts.waitlist.offers import open_offer
from app.cohorts.waitlist.order import is_current, position_of
from app.cohorts.waitlist.rules import answer_reasons
from app.cohorts.waitlist.schemas import OfferAnswerCommand, OfferShown, OwnApplication, OwnApplicationRef
from app.network.models import College
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor


def see_own_application(db: Session, actor: Actor, enrolment_id: int) -> OwnApplicationRef:
    """Return the application that the actor made; raise ``NotFound`` for anyone else's."""
    own = (Enrolment.id == enrolment_id, Enrolment.person_id == actor.person_id)
    row = db.exec(select(Enrolment).where(*own)).one_or_none()
    if row is None:
        raise NotFound
    return OwnApplicationRef(enrolment_id=row.id, **row.model_dump(include={"college_id", "cohort_id", "person_id"}))


def own_application(db: Session, ref: OwnApplicationRef) -> OwnApplication:
    """Return where an application stands: its place on the waitlist, the seat that is or was last offered."""
    statement = (
        sa.select(
            *(
                col(c)
                for c in (
                    Enrolment.college_id, Enrolment.cohort_id, Enrolment.person_id, Enrolment.curriculum_slug,
                    Enrolment.curriculum_version, Enrolment.state, Enrolment.joined_on, Application.motive,
                    Application.employer, Application.employer_agrees, Application.received_at, Cohort.timezone,
                )
            ),
            col(Enrolment.id).label("enrolment_id"),
            col(Cohort.title).label("cohort_title"),
            col(College.name).label("college"),
            (in_offer() & col(College.closed_at).is_(None)).label("takes_applications"),
        )
        .select_from(Enrolment)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(College, col(College.id) == Enrolment.college_id)
        .join(Application, (col(Application.enrolment_id) == Enrolment.id) & is_current())
        .where(col(Enrolment.id) == ref.enrolment_id)
    )  # fmt: skip
    row = db.execute(statement).one_or_none()
    if row is None:  # the college brought the person in without an application
        raise NotFound
    is_waiting = row.state is EnrolmentState.WAITLISTED
    position, waits = position_of(db, row.cohort_id, ref.enrolment_id) if is_waiting else (None, 0)
    newest = select(SeatOffer).where(SeatOffer.enrolment_id == ref.enrolment_id).order_by(col(SeatOffer.id).desc())
    offer = db.exec(newest.limit(1)).first()
    return OwnApplication(
        **row._mapping,
        position=position,
        waiting=waits,
        offer=OfferShown.model_validate(offer) if offer is not None else None,
    )


def answer_offer(db: Session, actor: Actor, ref: OwnApplicationRef, command: OfferAnswerCommand) -> OwnApplication:
    """Take the seat that is offered, or leave it to the next person.

    Raises ``Conflict``: ``no_offer``, ``offer_expired``, ``already_enrolled`` (BR-05).
    """
    cohort, row = _lock(db, ref)
    offer = open_offer(db, row.id)
    reasons = answer_reasons(row.state, offer.expires_at if offer is not None else None, now())
    if reasons:
        raise Conflict(reasons[0].code, *reasons)
    to = EnrolmentState.ADMITTED if command.accept else EnrolmentState.DECLINED
    exceptions: list[str] = []
    if command.accept:  # where the cohort's dates have changed since, what was offered holds: the history says so
        joins_on = max(cohort.starts_on, today(cohort.timezone))
        limit = last_day_to_join(cohort)
        exceptions = [r.code for r in admission_exceptions(joins_on=joins_on, limit=limit, passed_over=0)]
    change(db, actor, cohort, row, MoveCommand(to=to), granted_by=None, exceptions=exceptions)
    return own_application(db, ref)


def end_application(db: Session, actor: Actor, ref: OwnApplicationRef) -> OwnApplication:
    """End one's application before an admission; raise ``Conflict("application_answered")`` afterwards."""
    cohort, row = _lock(db, ref)
    if row.state not in PENDING:
        raise Conflict("application_answered")
    change(db, actor, cohort, row, MoveCommand(to=EnrolmentState.DECLINED), granted_by=None)
    return own_application(db, ref)


def _lock(db: Session, ref: OwnApplicationRef) -> tuple[Cohort, Enrolment]:
    """Return the cohort, then the enrolment, both locked."""
    cohort = db.get_one(Cohort, ref.cohort_id, with_for_update={"key_share": True}, populate_existing=True)
    row = db.exec(select(Enrolment).where(Enrolment.id == ref.enrolment_id).with_for_update(key_share=True)).one()
    db.refresh(row)
    return cohort, row
