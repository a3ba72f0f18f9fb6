"""Confirmations of the record of a session, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.codev.confirmations import service
from app.codev.confirmations.schemas import ConfirmationsShown, ConfirmCommand
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)


@router.get("/codev/sessions/{session_id}/confirmations", summary="Who confirmed the record of a session")
def read_confirmations(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_READ)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_READ)],
) -> ConfirmationsShown:
    """Who has confirmed the record in force of a session, and who reports it wrong."""
    return service.confirmations(db, actor, meeting)


@router.post(
    "/codev/sessions/{session_id}/confirmations",
    status_code=HTTPStatus.CREATED,
    summary="Confirm the record of a session, or report it wrong",
)
def confirm(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_TAKE_PART)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_TAKE_PART)],
    command: ConfirmCommand,
) -> ConfirmationsShown:
    """Confirm the record as a member whom it names, or report it wrong; 409 when it was corrected since."""
    service.confirm(db, actor, meeting, command)
    return service.confirmations(db, actor, meeting)
