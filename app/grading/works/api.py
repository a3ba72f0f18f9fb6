"""Works to judge as JSON: their states, and the decisions that give no level."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.grading.works import service
from app.grading.works.schemas import WorkDecisionCommand, WorkDecisionShown, WorkShown
from app.learning.hand_ins.schemas import HandInShown
from app.learning.hand_ins.service import see_hand_in
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["grading"], route_class=IdempotentRoute)


@router.post(
    "/hand-ins/{hand_in_id}/decisions",
    status_code=HTTPStatus.CREATED,
    summary="Return a work or close it without a level",
)
def decide(
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    hand_in: Annotated[HandInShown, seen(see_hand_in, P.JUDGEMENT_MAKE)],
    command: WorkDecisionCommand,
) -> WorkDecisionShown:
    """Return a work to be redone, or waive what is left to judge of it; it then leaves the queue."""
    return service.decide(db, actor, hand_in, command)


@router.get("/enrolments/{enrolment_id}/works", summary="List the works of an enrolment")
def works(db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_READ)]) -> list[WorkShown]:
    """Works of an enrolment that are judged, with the state of each; bounded by the path's assessments."""
    return service.works_of(db, enrolment)
