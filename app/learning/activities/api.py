"""Activities done alone, as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.learning.activities import service
from app.learning.activities.schemas import CompletionCommand, CompletionShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["learning"], route_class=IdempotentRoute)


@router.post(
    "/enrolments/{enrolment_id}/completions", status_code=201, summary="Mark an activity done, or not done after all"
)
def complete(
    db: SessionDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    command: CompletionCommand,
) -> CompletionShown:
    """Only activities done alone (``self_study``); repeating the last mark changes nothing."""
    return service.complete(db, actor, enrolment, command)


@router.get("/enrolments/{enrolment_id}/completions", summary="Activities marked done")
def read_completions(
    db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)]
) -> list[CompletionShown]:
    """The last mark on each activity done alone."""
    return service.completions(db, enrolment)
