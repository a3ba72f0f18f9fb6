"""Assignments as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.grading.assignments import service
from app.grading.assignments.schemas import AssignCommand, AssignmentShown
from app.grading.queue import service as queues
from app.grading.schemas import WaitingWorks
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["grading"], route_class=IdempotentRoute)


@router.get("/cohorts/{cohort_id}/works-to-judge", summary="List the works of a cohort that wait to be judged")
def works_to_judge(
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.JUDGEMENT_ASSIGN)],
    after: After = None,
    limit: Limit = PAGE,
) -> WaitingWorks:
    """Works of a cohort that wait to be judged, oldest first, with the trainer to whom each is assigned."""
    return queues.waiting_in(db, cohort, after=after, limit=limit)


@router.get("/enrolments/{enrolment_id}/work-assignments", summary="List the assignments of an enrolment's works")
def assignments(
    db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_ASSIGN)]
) -> list[AssignmentShown]:
    """Assignments in force of the works of an enrolment: of all of them, then by activity."""
    return service.assignments(db, enrolment)


@router.post(
    "/enrolments/{enrolment_id}/work-assignments", status_code=HTTPStatus.CREATED, summary="Assign works to a trainer"
)
def assign(
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_ASSIGN)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_ASSIGN)],
    command: AssignCommand,
) -> AssignmentShown:
    """Assign works to a trainer of the cohort, or to nobody again; 409 ``stale`` where somebody did meanwhile."""
    return service.assign(db, actor, enrolment, command)
