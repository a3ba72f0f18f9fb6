"""Extra attempts as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.learning.extra_attempts import service
from app.learning.extra_attempts.schemas import ExtraAttemptCommand, ExtraAttemptShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["learning"], route_class=IdempotentRoute)


@router.post("/enrolments/{enrolment_id}/extra-attempts", status_code=201, summary="Open one more attempt")
def open_attempt(
    db: SessionDep,
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_MANAGE)],
    command: ExtraAttemptCommand,
) -> ExtraAttemptShown:
    """One more attempt at an assessment, once those that everybody has are used; the person is told."""
    return service.open_attempt(db, actor, enrolment, command)
