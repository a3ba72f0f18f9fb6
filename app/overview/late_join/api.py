"""JSON endpoints of the catch-up list of someone who joined late: read it, decide of it as a whole."""

from typing import Annotated

from fastapi import APIRouter

from app.attendance.catch_ups.schemas import CatchUpListCommand
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.overview.late_join import service
from app.overview.late_join.schemas import CatchUpList
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)


@router.get("/enrolments/{enrolment_id}/catch-up-list")
def read_catch_up_list(
    db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_READ)]
) -> CatchUpList:
    """Return the modules and sessions that the person missed, what catches up each, and what was decided (S2)."""
    return service.catch_up_list(db, enrolment)


@router.put("/enrolments/{enrolment_id}/catch-up-list")
def decide_catch_up_list(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_MANAGE)],
    command: CatchUpListCommand,
) -> CatchUpList:
    """Decide of every missed workshop at once: made up before a day, in the attendance base, or waived for a reason.

    422 when a missed workshop is left out; 409 `not_active`.
    """
    return service.decide(db, actor, enrolment, command)
