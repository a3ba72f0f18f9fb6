"""Cohorts over JSON: cohorts, applications, enrolments, the calendar, roll calls and catch-ups."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.cohorts import service
from app.cohorts.offer import service as offer
from app.cohorts.schemas import (
    ApplicationsOpen,
    CapacityCommand,
    CohortRef,
    CohortRow,
    NewCohort,
    OpenCohort,
    StaffCommand,
)
from app.network import service as network
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["cohorts"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED
Search = Annotated[str, Query(max_length=100, description="part of a name; accents and case do not matter")]

# Cohorts ----------------------------------------------------------------------------------------


@router.post("/colleges/{college_id}/cohorts", status_code=CREATED)
def open_cohort(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], db: SessionDep, college_id: int, command: NewCohort
) -> CohortRef:
    """Open a cohort pinned to a published version of a path (BR-01)."""
    return service.open_cohort(db, actor, network.college(db, college_id), command)


@router.get("/cohorts")
def cohorts(actor: Annotated[Actor, may(P.COHORT_READ)], db: SessionDep, search: Search = "") -> list[CohortRow]:
    """Cohorts within reach, newest first."""
    return service.cohorts(db, actor, search=search)


@router.get("/cohorts/open")
def open_cohorts(actor: Annotated[Actor, may(P.COHORT_APPLY)], db: SessionDep, search: Search = "") -> list[OpenCohort]:
    """Cohorts of every college that take applications; ``my_state`` tells what became of one's own."""
    return offer.open_cohorts(db, actor, search=search)


@router.get("/cohorts/{cohort_id}")
def cohort(actor: Annotated[Actor, may(P.COHORT_READ)], db: SessionDep, cohort_id: int) -> CohortRef:
    """One cohort."""
    return service.see_cohort(db, actor, cohort_id)


@router.put("/cohorts/{cohort_id}/applications-open")
def set_applications(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], db: SessionDep, cohort_id: int, command: ApplicationsOpen
) -> CohortRef:
    """Open or close a cohort to applications."""
    found = service.see_cohort(db, actor, cohort_id)
    return service.set_applications(db, found, is_open=command.is_open)


@router.put("/cohorts/{cohort_id}/capacity")
def set_capacity(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], db: SessionDep, cohort_id: int, command: CapacityCommand
) -> CohortRef:
    """Change the number of seats; never below those taken (409 ``seats_taken``)."""
    return service.set_capacity(db, service.see_cohort(db, actor, cohort_id), command)


@router.post("/cohorts/{cohort_id}/staff", status_code=CREATED)
def add_staff(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], db: SessionDep, cohort_id: int, command: StaffCommand
) -> StaffCommand:
    """Give someone who works in the college a role in the cohort; holding it already changes nothing."""
    service.add_staff(db, actor, service.see_cohort(db, actor, cohort_id), command)
    return command
