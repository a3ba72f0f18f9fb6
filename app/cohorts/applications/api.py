"""JSON endpoints of one's own application to a cohort."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.applications import own
from app.cohorts.applications.own import see_own_application
from app.cohorts.waitlist.schemas import OfferAnswerCommand, OwnApplication, OwnApplicationRef
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)
Mine = Annotated[OwnApplicationRef, seen(see_own_application, P.COHORT_APPLY)]


@router.get("/enrolments/{enrolment_id}/application")
def read_application(db: SessionDep, application: Mine) -> OwnApplication:
    """Return where one's own application stands: its place on the waitlist, the seat that is offered."""
    return own.own_application(db, application)


@router.post("/enrolments/{enrolment_id}/offer-answer")
def answer_offer(
    actor: Annotated[Actor, may(P.COHORT_APPLY)], db: SessionDep, application: Mine, command: OfferAnswerCommand
) -> OwnApplication:
    """Take the seat that is offered, or leave it to the next person; 409 `no_offer`, `offer_expired`."""
    return own.answer_offer(db, actor, application, command)


@router.post("/enrolments/{enrolment_id}/application-end")
def end_application(actor: Annotated[Actor, may(P.COHORT_APPLY)], db: SessionDep, application: Mine) -> OwnApplication:
    """End one's own application before an admission; 409 `application_answered` afterwards."""
    return own.end_application(db, actor, application)
