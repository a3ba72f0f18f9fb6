"""JSON endpoints of waitlists: read one, order it, set how long offers stand."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.cohorts.waitlist import service
from app.cohorts.waitlist.schemas import OfferHours, PriorityCommand, WaitlistShown
from app.platform.errors import NotFound
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)


@router.get("/cohorts/{cohort_id}/waitlist")
def waitlist(
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)],
    after: After = None,
    limit: Limit = PAGE,
) -> WaitlistShown:
    """Return who waits for a seat, in order, and the seats that were offered."""
    return service.waitlist(db, cohort, after=after, limit=limit)


@router.put("/cohorts/{cohort_id}/offer-hours")
def set_offer_hours(
    db: SessionDep, cohort: Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)], command: OfferHours
) -> WaitlistShown:
    """Set for how many hours seats are offered from now on; offers that stand keep theirs."""
    return service.set_offer_hours(db, cohort, command)


@router.put("/cohorts/{cohort_id}/waitlist/{enrolment_id}/priority")
def set_priority(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_MANAGE)],
    command: PriorityCommand,
) -> WaitlistShown:
    """Let someone who waits come first, or no longer, for a reason; 409 `not_waiting` for who does not wait."""
    if enrolment.cohort_id != cohort.id:
        raise NotFound
    service.set_priority(db, actor, enrolment, command)
    return service.waitlist(db, cohort)
