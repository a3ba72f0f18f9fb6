"""Works to judge as JSON: their states, and the decisions that give no level."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.grading.schemas import EvidenceKey, refs_of
from app.grading.works import service
from app.grading.works.schemas import WorkDecisionCommand, WorkDecisionShown, WorkShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["grading"], route_class=IdempotentRoute)


@router.post(
    "/enrolments/{enrolment_id}/works/{work}/decisions",
    status_code=HTTPStatus.CREATED,
    summary="Return a work or close it without a level",
)
def decide(
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_MAKE)],
    work: Annotated[EvidenceKey, Path(description="kind and id of the work, e.g. `hand_in:12` or `mandate:3`")],
    command: WorkDecisionCommand,
) -> WorkDecisionShown:
    """Return a work to be redone, or waive what is left to judge of it; it then leaves the queue."""
    (evidence,) = refs_of([work])
    return service.decide(db, actor, enrolment, evidence, command)


@router.get("/enrolments/{enrolment_id}/works", summary="List the works of an enrolment")
def works(db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_READ)]) -> list[WorkShown]:
    """Hand-ins, complete mandates and assessments in a session that are judged, with the state of each."""
    return service.works_of(db, enrolment)
