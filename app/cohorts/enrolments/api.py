"""JSON endpoints of applications and enrolments."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.cohorts.applications import service as applications_service
from app.cohorts.enrolments import history, service
from app.cohorts.enrolments.schemas import (
    ApplicationPage,
    ApplyCommand,
    EnrolmentRef,
    MoveCommand,
    Moved,
    MoveShown,
)
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort, see_open_cohort
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)

CREATED = HTTPStatus.CREATED


@router.post("/cohorts/{cohort_id}/applications", status_code=CREATED)
def apply(
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_open_cohort, P.COHORT_APPLY)],
    command: ApplyCommand,
) -> EnrolmentRef:
    """Apply for oneself to a cohort of any college that takes applications."""
    return service.apply(db, actor, cohort, command)


@router.get("/cohorts/{cohort_id}/applications")
def applications(
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)],
    after: After = None,
    limit: Limit = PAGE,
) -> ApplicationPage:
    """List the applications to a cohort, oldest first, in whatever state."""
    return applications_service.applications(db, cohort, after=after, limit=limit)


@router.get("/cohorts/{cohort_id}/enrolments")
def enrolments(db: SessionDep, cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_READ)]) -> list[EnrolmentRef]:
    """List the enrolments of a cohort, by name."""
    return service.enrolments_in(db, cohort)


@router.get("/enrolments/{enrolment_id}/moves")
def moves(
    db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(service.see_enrolment, P.ENROLMENT_READ)]
) -> list[MoveShown]:
    """List the changes of an enrolment's state, oldest first (BR-04)."""
    return history.moves(db, enrolment)


@router.post("/enrolments/{enrolment_id}/moves", status_code=CREATED)
def move(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(service.see_enrolment, P.ENROLMENT_MANAGE)],
    command: MoveCommand,
) -> Moved:
    """Change an enrolment's state: admit, refuse, activate, suspend, end, or take back (BR-04, BR-05).

    A failure, a completion without eligibility, or one taken back, awaits a second person: `awaiting` says so.
    """
    return service.move(db, actor, enrolment, command)
