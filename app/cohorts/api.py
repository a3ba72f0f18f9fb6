"""JSON endpoints of cohorts: prepare, list, read, change seats, applications and staff."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.cohorts import service
from app.cohorts.enums import CohortState
from app.cohorts.offer import service as offer
from app.cohorts.schemas import (
    ApplicationsOpen,
    CohortPage,
    CohortRef,
    NewCohort,
    OpenCohortPage,
)
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.paging import PAGE, After, Limit
from app.platform.schema import SearchText
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)

CREATED = HTTPStatus.CREATED
Search = Annotated[SearchText, Query(description="part of a name; accents, case and apostrophes do not matter")]
State = Annotated[CohortState | None, Query(description="cohorts of one state")]


@router.post("/colleges/{college_id}/cohorts", status_code=CREATED)
def add_cohort(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    college: Annotated[CollegeShown, seen(see_college, P.COHORT_MANAGE)],
    command: NewCohort,
) -> CohortRef:
    """Prepare a cohort, as a draft, pinned to a published version of a path (BR-01)."""
    return service.add_cohort(db, actor, college, command)


@router.get("/cohorts")
def cohorts(
    *,
    actor: Annotated[Actor, may(P.COHORT_READ)],
    db: SessionDep,
    search: Search = "",
    state: State = None,
    after: After = None,
    limit: Limit = PAGE,
) -> CohortPage:
    """List the cohorts within reach, newest first; the archived ones only with `state=archived`."""
    return service.cohorts(db, actor, search=search, state=state, after=after, limit=limit)


@router.get("/cohorts/open")
def open_cohorts(
    *,
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    db: SessionDep,
    search: Search = "",
    after: After = None,
    limit: Limit = PAGE,
) -> OpenCohortPage:
    """List the cohorts of every college that take applications; ``my_state`` is the state of one's own application."""
    return offer.open_cohorts(db, actor, search=search, after=after, limit=limit)


@router.get("/cohorts/{cohort_id}")
def cohort(cohort: Annotated[CohortRef, seen(service.see_cohort, P.COHORT_READ)]) -> CohortRef:
    """Return one cohort."""
    return cohort


@router.put("/cohorts/{cohort_id}/applications-open")
def set_applications(
    db: SessionDep, cohort: Annotated[CohortRef, seen(service.see_cohort, P.COHORT_MANAGE)], command: ApplicationsOpen
) -> CohortRef:
    """Open or close a cohort to applications."""
    return service.set_applications(db, cohort, is_open=command.is_open)
