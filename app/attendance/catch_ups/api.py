"""Cohorts over JSON: cohorts, applications, enrolments, the calendar, roll calls and catch-ups."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.attendance.catch_ups import service as calendar
from app.attendance.catch_ups.schemas import CatchUpCommand, CatchUpDone, CatchUpShown, Missed
from app.cohorts.enrolments import service as enrolments
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["cohorts"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED


# Catch-ups --------------------------------------------------------------------------------------


@router.get("/enrolments/{enrolment_id}/missed")
def missed(actor: Annotated[Actor, may(P.ENROLMENT_READ)], db: SessionDep, enrolment_id: int) -> list[Missed]:
    """Workshops that someone missed and may make up, oldest first."""
    return calendar.missed_by(db, enrolments.see_enrolment(db, actor, enrolment_id))


@router.get("/enrolments/{enrolment_id}/catch-ups")
def catch_ups(actor: Annotated[Actor, may(P.ENROLMENT_READ)], db: SessionDep, enrolment_id: int) -> list[CatchUpShown]:
    """An enrolment's catch-ups as they stand, by due date."""
    return calendar.catch_ups(db, enrolments.see_enrolment(db, actor, enrolment_id))


@router.post("/enrolments/{enrolment_id}/catch-ups", status_code=CREATED)
def assign_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)], db: SessionDep, enrolment_id: int, command: CatchUpCommand
) -> CatchUpShown:
    """Give a missed workshop to make up before a date; codevelopment cannot be made up."""
    return calendar.assign_catch_up(db, actor, enrolments.see_enrolment(db, actor, enrolment_id), command)


@router.post("/enrolments/{enrolment_id}/catch-ups/{catch_up_id}/done", status_code=CREATED)
def finish_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    enrolment_id: int,
    catch_up_id: int,
    command: CatchUpDone,
) -> CatchUpShown:
    """Say that a catch-up was done."""
    enrolment = enrolments.see_enrolment(db, actor, enrolment_id)
    return calendar.finish_catch_up(db, actor, enrolment, catch_up_id, command)
