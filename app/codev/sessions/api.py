"""Sessions, their roles and rotation, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.codev.groups.schemas import GroupRef
from app.codev.groups.service import see_group
from app.codev.sessions import changes
from app.codev.sessions import service as sessions
from app.codev.sessions.schemas import (
    AskedCodevChange,
    AskedCodevReturn,
    AskedCodevSession,
    CodevPastTime,
    CodevSessionRef,
    CodevSessionRow,
    CodevSessionShown,
    ProposedShown,
    RolesCommand,
)
from app.codev.sessions.service import see_codev_session
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)

CREATED = HTTPStatus.CREATED


@router.post("/codev/groups/{group_id}/sessions", status_code=CREATED)
def plan_session(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    group: Annotated[GroupRef, seen(see_group, P.CODEV_MANAGE)],
    command: AskedCodevSession,
) -> CodevSessionRow:
    """Plan a session for a codevelopment activity of the path."""
    return sessions.plan_session(db, actor, group, command)


@router.get("/codev/sessions/{session_id}")
def read_session(
    db: SessionDep, meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_READ)]
) -> CodevSessionShown:
    """A session: roles, presences and turns; the reason of a turn is for the group only."""
    return sessions.codev_session(db, meeting)


@router.post("/codev/sessions/{session_id}/changes", status_code=CREATED)
def change_session(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_MANAGE)],
    command: AskedCodevChange,
) -> CodevSessionShown:
    """Move or change a session whose record is not closed; what it was stays in its history."""
    group = see_group(db, actor, meeting.group_id)
    return sessions.codev_session(db, changes.change_session(db, actor, group, meeting, command))


@router.get("/codev/sessions/{session_id}/past-times")
def read_past_times(
    db: SessionDep, meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_READ)]
) -> list[CodevPastTime]:
    """List what a session was before each of its changes, oldest first."""
    return list(changes.past_times(db, meeting))


@router.post("/codev/sessions/{session_id}/cancellation")
def cancel_session(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_MANAGE)],
) -> CodevSessionShown:
    """Cancel a session: it counts for nobody."""
    return sessions.codev_session(db, sessions.cancel_session(db, actor, meeting))


@router.post("/codev/sessions/{session_id}/restoration")
def restore_session(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_MANAGE)],
    command: AskedCodevReturn,
) -> CodevSessionShown:
    """Put a cancelled session back: it counts again, with its record when it has one."""
    return sessions.codev_session(db, sessions.restore_session(db, actor, meeting, command))


@router.get("/codev/sessions/{session_id}/rotation")
def rotation(
    db: SessionDep,
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_READ)],
    consultations: Annotated[int, Query(ge=1, le=4)] = 1,
    passing: Annotated[list[int] | None, Query(max_length=8, description="memberships that pass this time")] = None,
) -> list[ProposedShown]:
    """Clients and reserves proposed: fewest turns first, then a turn owed after notice, then the longest wait."""
    return sessions.rotation_for(db, meeting, consultations=consultations, passing=passing or ())


@router.put("/codev/sessions/{session_id}/roles")
def plan_roles(
    db: SessionDep,
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_RECORD)],
    command: RolesCommand,
) -> CodevSessionShown:
    """Plan the roles of each consultation, in place of the plan before."""
    return sessions.plan_roles(db, meeting, command)
