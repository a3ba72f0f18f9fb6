"""JSON endpoints of missed workshops and catch-ups."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.attendance.catch_ups import service
from app.attendance.catch_ups.schemas import CatchUpCommand, CatchUpDone, CatchUpRef, CatchUpShown, Missed
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)

CREATED = HTTPStatus.CREATED


@router.get("/enrolments/{enrolment_id}/missed")
def missed(db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_READ)]) -> list[Missed]:
    """List the workshops that the person missed and may make up, oldest first."""
    return service.missed_by(db, enrolment)


@router.get("/enrolments/{enrolment_id}/catch-ups")
def catch_ups(
    db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_READ)]
) -> list[CatchUpShown]:
    """List an enrolment's current catch-ups, by due date."""
    return service.catch_ups(db, enrolment)


@router.post("/enrolments/{enrolment_id}/catch-ups", status_code=CREATED)
def assign_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ROLLCALL_RECORD)],
    command: CatchUpCommand,
) -> CatchUpShown:
    """Assign a missed workshop to make up before a date; codevelopment cannot be made up."""
    return service.assign_catch_up(db, actor, enrolment, command)


@router.post("/enrolments/{enrolment_id}/catch-ups/{catch_up_id}/done", status_code=CREATED)
def finish_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ROLLCALL_RECORD)],
    catch_up: Annotated[CatchUpRef, seen(service.see_catch_up, P.ROLLCALL_RECORD)],
    command: CatchUpDone,
) -> CatchUpShown:
    """Record that a catch-up was done."""
    if catch_up.enrolment_id != enrolment.id:
        raise NotFound
    return service.finish_catch_up(db, actor, enrolment, catch_up, command)
