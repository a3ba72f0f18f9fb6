"""Action items and the follow-up of a group, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response

from app.codev.actions import service
from app.codev.actions.schemas import ActionRef, ActionShown, ActionWritten, FollowUpCommand, FollowUpShown, NewAction
from app.codev.actions.service import see_action
from app.codev.confidences.places import MemberPlace, see_own_place
from app.codev.groups.schemas import GroupRef
from app.codev.groups.service import see_group
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.preconditions import IfMatch, etag_of

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)


@router.get("/codev/sessions/{session_id}/actions")
def read_actions(
    db: SessionDep,
    keyring: KeyringDep,
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CONFIDENCE_READ)],
) -> list[ActionShown]:
    """The actions that a session takes up again, then those that it decided; for the group alone."""
    return service.actions_at(db, keyring, meeting)


@router.post("/codev/sessions/{session_id}/actions", status_code=HTTPStatus.CREATED)
def add_action(
    db: SessionDep,
    keyring: KeyringDep,
    place: Annotated[MemberPlace, seen(see_own_place, P.CONFIDENCE_WRITE)],
    command: NewAction,
) -> ActionWritten:
    """Add an action to one's own consultation; the answer does not repeat what it says."""
    return ActionWritten.model_validate(service.add_action(db, keyring, place, command))


@router.put("/codev/actions/{action_id}/follow-up")
def follow_up(  # noqa: PLR0917 - what each dependency gives
    response: Response,
    db: SessionDep,
    keyring: KeyringDep,
    action: Annotated[ActionRef, seen(see_action, P.CONFIDENCE_WRITE)],
    version: IfMatch,
    command: FollowUpCommand,
) -> ActionWritten:
    """Say what became of one's action by a later session."""
    changed = service.follow_up(db, keyring, action, command, version=version)
    response.headers["ETag"] = etag_of(changed.version)
    return ActionWritten.model_validate(changed)


@router.get("/codev/groups/{group_id}/follow-up")
def read_follow_up(db: SessionDep, group: Annotated[GroupRef, seen(see_group, P.CODEV_READ)]) -> FollowUpShown:
    """How far a group follows up, and its minutes; never what its actions say."""
    return service.group_follow_up(db, group)
