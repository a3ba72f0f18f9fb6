"""Activities done, hand-ins and field hours as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, Response, status

from app.cohorts.enrolments.service import see_enrolment
from app.learning.activities import service
from app.learning.activities.schemas import CompletionCommand, CompletionShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["learning"], route_class=OnceRoute)

AGAIN: dict[int | str, dict[str, Any]] = {200: {"description": "Already received: the same content sent again"}}


def creation_status(response: Response, *, is_new: bool) -> None:
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK


@router.post(
    "/enrolments/{enrolment_id}/completions", status_code=201, summary="Mark an activity done, or take it back"
)
def complete(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)], db: SessionDep, enrolment_id: int, command: CompletionCommand
) -> CompletionShown:
    """Only activities done alone (``self_study``); saying the same again changes nothing."""
    return service.complete(db, actor, see_enrolment(db, actor, enrolment_id), command)


@router.get("/enrolments/{enrolment_id}/completions", summary="What was marked done")
def read_completions(
    actor: Annotated[Actor, may(P.EVIDENCE_READ)], db: SessionDep, enrolment_id: int
) -> list[CompletionShown]:
    """The last word on each activity done alone."""
    return service.completions(db, see_enrolment(db, actor, enrolment_id))
