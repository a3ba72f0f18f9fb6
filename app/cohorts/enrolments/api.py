"""Cohorts over JSON: cohorts, applications, enrolments, the calendar, roll calls and catch-ups."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service
from app.cohorts.enrolments.schemas import ApplicationShown, ApplyCommand, EnrolmentRef, MoveCommand, MoveShown, Started
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["cohorts"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED


@router.post("/cohorts/{cohort_id}/start")
def start(actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)], db: SessionDep, cohort_id: int) -> Started:
    """Make everyone admitted active."""
    found = cohorts.see_cohort(db, actor, cohort_id)
    return Started(started=service.start(db, actor, found))


# Applications and enrolments --------------------------------------------------------------------


@router.post("/cohorts/{cohort_id}/applications", status_code=CREATED)
def apply(
    actor: Annotated[Actor, may(P.COHORT_APPLY)], db: SessionDep, cohort_id: int, command: ApplyCommand
) -> EnrolmentRef:
    """Apply for oneself to a cohort of any college that takes applications."""
    return service.apply(db, actor, cohorts.see_open_cohort(db, cohort_id), command)


@router.get("/cohorts/{cohort_id}/applications")
def applications(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)], db: SessionDep, cohort_id: int
) -> list[ApplicationShown]:
    """Applications of a cohort, oldest first, whatever became of them."""
    return service.applications(db, cohorts.see_cohort(db, actor, cohort_id))


@router.get("/cohorts/{cohort_id}/enrolments")
def enrolments(actor: Annotated[Actor, may(P.ENROLMENT_READ)], db: SessionDep, cohort_id: int) -> list[EnrolmentRef]:
    """Everyone of a cohort, by name."""
    return service.enrolments_in(db, cohorts.see_cohort(db, actor, cohort_id))


@router.get("/enrolments/{enrolment_id}/moves")
def moves(actor: Annotated[Actor, may(P.ENROLMENT_READ)], db: SessionDep, enrolment_id: int) -> list[MoveShown]:
    """An enrolment's history, oldest first (BR-04)."""
    return service.moves(db, service.see_enrolment(db, actor, enrolment_id))


@router.post("/enrolments/{enrolment_id}/moves", status_code=CREATED)
def move(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)], db: SessionDep, enrolment_id: int, command: MoveCommand
) -> EnrolmentRef:
    """Change an enrolment's state: admit, refuse, activate, suspend, end (BR-04, BR-05)."""
    return service.move(db, actor, service.see_enrolment(db, actor, enrolment_id), command)
