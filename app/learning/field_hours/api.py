"""Activities done, hand-ins and field hours as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from app.cohorts.enrolments.service import see_enrolment
from app.learning.activities.api import creation_status
from app.learning.field_hours import service
from app.learning.field_hours.schemas import CountersignCommand, HoursCommand, HoursShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["learning"], route_class=OnceRoute)

AGAIN: dict[int | str, dict[str, Any]] = {200: {"description": "Already received: the same content sent again"}}


# Field hours ------------------------------------------------------------------------------------


@router.post("/enrolments/{enrolment_id}/field-hours", status_code=201, responses=AGAIN, summary="Declare field hours")
def declare_hours(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    db: SessionDep,
    response: Response,
    enrolment_id: int,
    command: HoursCommand,
) -> HoursShown:
    """Never above the plan of the activity (BR-06); the same declaration sent again answers 200."""
    enrolment = see_enrolment(db, actor, enrolment_id)
    shown, is_new = service.declare_hours(db, actor, enrolment, command)
    creation_status(response, is_new=is_new)
    return shown


@router.get("/enrolments/{enrolment_id}/field-hours", summary="Hours an enrolment declared")
def read_hours(actor: Annotated[Actor, may(P.EVIDENCE_READ)], db: SessionDep, enrolment_id: int) -> list[HoursShown]:
    """Oldest first, with the countersignature in force."""
    return service.hours_of(db, see_enrolment(db, actor, enrolment_id))


@router.get("/colleges/{college_id}/field-hours/pending", summary="Hours to countersign")
def read_pending_hours(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)], db: SessionDep, college_id: int
) -> list[HoursShown]:
    """Oldest first; bounded by what the people of a college may declare."""
    return service.hours_to_countersign(db, actor, college_id=college_id)


@router.post("/field-hours/{hours_id}/countersignature", status_code=201, summary="Accept or refuse declared hours")
def countersign(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)],
    db: SessionDep,
    hours_id: int,
    command: CountersignCommand,
) -> HoursShown:
    """A refusal says why; a later decision names the one it supersedes, and why."""
    return service.countersign(db, actor, service.see_hours(db, actor, hours_id), command)
