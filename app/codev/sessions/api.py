"""Codevelopment over JSON: groups, sessions, roles, rotation and records; never what was said."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.codev.groups import service as groups
from app.codev.sessions import service as sessions
from app.codev.sessions.schemas import CodevSessionRow, CodevSessionShown, NewCodevSession, ProposedShown, RolesCommand
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["codev"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED


# Sessions ---------------------------------------------------------------------------------------


@router.post("/codev/groups/{group_id}/sessions", status_code=CREATED)
def plan_session(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], db: SessionDep, group_id: int, command: NewCodevSession
) -> CodevSessionRow:
    """Plan a session for a codevelopment activity of the path."""
    return sessions.plan_session(db, actor, groups.see_group(db, actor, group_id), command)


@router.get("/codev/sessions/{session_id}")
def codev_session(actor: Annotated[Actor, may(P.CODEV_READ)], db: SessionDep, session_id: int) -> CodevSessionShown:
    """A session: roles, presence and turns; the reason of a turn is for the group only."""
    return sessions.codev_session(db, sessions.see_codev_session(db, actor, session_id))


@router.post("/codev/sessions/{session_id}/cancellation")
def cancel_session(actor: Annotated[Actor, may(P.CODEV_MANAGE)], db: SessionDep, session_id: int) -> CodevSessionShown:
    """Cancel a session: it counts for nobody."""
    meeting = sessions.see_codev_session(db, actor, session_id)
    return sessions.codev_session(db, sessions.cancel_session(db, actor, meeting))


@router.get("/codev/sessions/{session_id}/rotation")
def rotation(
    actor: Annotated[Actor, may(P.CODEV_READ)],
    db: SessionDep,
    session_id: int,
    consultations: Annotated[int, Query(ge=1, le=4)] = 1,
    passing: Annotated[list[int] | None, Query(max_length=8, description="memberships that pass this time")] = None,
) -> list[ProposedShown]:
    """Who could be client and reserve: fewest turns, then a turn kept with notice, then the longest wait."""
    meeting = sessions.see_codev_session(db, actor, session_id)
    return sessions.rotation_for(db, meeting, consultations=consultations, passing=passing or ())


@router.put("/codev/sessions/{session_id}/roles")
def plan_roles(
    actor: Annotated[Actor, may(P.CODEV_RECORD)], db: SessionDep, session_id: int, command: RolesCommand
) -> CodevSessionShown:
    """Plan who takes which role in each consultation, in place of the plan before."""
    return sessions.plan_roles(db, sessions.see_codev_session(db, actor, session_id), command)
