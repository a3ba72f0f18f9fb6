"""Field hours and their countersignatures, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.accompaniment.field_hours import service
from app.accompaniment.field_hours.schemas import CountersignCommand, HoursCommand, HoursPage, HoursShown
from app.accompaniment.field_hours.service import see_hours
from app.accompaniment.mandates.schemas import MandateRef
from app.accompaniment.mandates.service import see_mandate
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import ALREADY_RECEIVED, IdempotentRoute, set_creation_status

router = APIRouter(tags=["accompaniment"], route_class=IdempotentRoute)


@router.post(
    "/enrolments/{enrolment_id}/field-hours",
    status_code=201,
    responses=ALREADY_RECEIVED,
    summary="Declare field hours",
)
def declare_hours(
    db: SessionDep,
    response: Response,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    command: HoursCommand,
) -> HoursShown:
    """In half-hours, never above the plan of the activity (BR-06); the same declaration sent again answers 200.

    People who have a mandate for the enrolment name the one that the hours were worked under.
    """
    hours, is_new = service.declare_hours(db, actor, enrolment, command)
    set_creation_status(response, is_new=is_new)
    return hours


@router.get("/enrolments/{enrolment_id}/field-hours", summary="Field hours of an enrolment")
def read_hours(
    db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)]
) -> list[HoursShown]:
    """Oldest first, with the countersignature in force."""
    return service.hours_of(db, enrolment)


@router.get("/mandates/{mandate_id}/field-hours", summary="Field hours under a mandate")
def read_hours_of_mandate(
    db: SessionDep,
    actor: Annotated[Actor, may(P.EVIDENCE_READ)],
    mandate: Annotated[MandateRef, seen(see_mandate, P.EVIDENCE_READ)],
) -> list[HoursShown]:
    """Oldest first; of a mandate of several advisors, those whose evidence the reader may read."""
    return service.hours_under(db, actor, mandate)


@router.get("/colleges/{college_id}/field-hours/pending", summary="Hours to countersign")
def read_pending_hours(
    db: SessionDep,
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)],
    college: Annotated[CollegeShown, seen(see_college, P.HOURS_COUNTERSIGN)],
    after: After = None,
    limit: Limit = PAGE,
) -> HoursPage:
    """Those declared first at the top."""
    return service.hours_to_countersign(db, actor, college, after=after, limit=limit)


@router.post("/field-hours/{hours_id}/countersignature", status_code=201, summary="Accept or refuse declared hours")
def countersign(
    db: SessionDep,
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)],
    hours: Annotated[HoursShown, seen(see_hours, P.HOURS_COUNTERSIGN)],
    command: CountersignCommand,
) -> HoursShown:
    """A refusal has a reason; a later decision names the one it supersedes, with a reason."""
    return service.countersign(db, actor, hours, command)
