"""Codevelopment over JSON: groups, sessions, roles, rotation and records; never what was said."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.access import Actor, P, may
from app.codev import service
from app.codev import service_people as people
from app.codev import service_records as records
from app.codev import service_sessions as sessions
from app.codev.schemas import (
    CodevSessionRow,
    CodevSessionShown,
    FacilitatorCommand,
    GroupRow,
    GroupShown,
    JoinCommand,
    LeaveCommand,
    LinkCommand,
    LinkDeclared,
    NewCodevSession,
    NewGroup,
    ProposedShown,
    RecordCommand,
    RolesCommand,
)
from app.cohorts.service import see_cohort
from app.db import SessionDep
from app.idempotency import OnceRoute
from app.network.service import see_college

router = APIRouter(tags=["codev"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED

# Groups -----------------------------------------------------------------------------------------


@router.get("/codev/groups")
def groups(
    actor: Annotated[Actor, may(P.CODEV_READ)], session: SessionDep, cohort_id: int | None = None
) -> list[GroupRow]:
    """One's own groups, or those of one's college, each with the session to come or to close."""
    return service.groups(session, actor, cohort_id=cohort_id)


@router.post("/cohorts/{cohort_id}/codev-groups", status_code=CREATED)
def create_group(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], session: SessionDep, cohort_id: int, command: NewGroup
) -> GroupShown:
    """Form a group of 4 to 8 active people of the cohort, with its facilitator (BR-10)."""
    return service.create_group(session, actor, see_cohort(session, actor, cohort_id), command)


@router.get("/codev/groups/{group_id}")
def group(actor: Annotated[Actor, may(P.CODEV_READ)], session: SessionDep, group_id: int) -> GroupShown:
    """A group with its members, their turns as client, and its sessions."""
    return service.group(session, service.see_group(session, actor, group_id))


@router.post("/codev/groups/{group_id}/members", status_code=CREATED)
def add_member(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], session: SessionDep, group_id: int, command: JoinCommand
) -> GroupShown:
    """Add someone of the cohort to a group."""
    return service.add_member(session, actor, service.see_group(session, actor, group_id), command)


@router.post("/codev/groups/{group_id}/departures", status_code=CREATED)
def remove_member(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], session: SessionDep, group_id: int, command: LeaveCommand
) -> GroupShown:
    """Note that a member leaves; their past stays."""
    return service.remove_member(session, service.see_group(session, actor, group_id), command)


@router.put("/codev/groups/{group_id}/facilitator")
def set_facilitator(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], session: SessionDep, group_id: int, command: FacilitatorCommand
) -> GroupShown:
    """Hand a group over to another facilitator."""
    return service.set_facilitator(session, actor, service.see_group(session, actor, group_id), command)


@router.post("/colleges/{college_id}/management-links", status_code=CREATED)
def declare_link(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], session: SessionDep, college_id: int, command: LinkCommand
) -> LinkDeclared:
    """Note that one person manages another: never in one group; tells the groups where both already are (BR-10)."""
    found = people.declare_link(session, actor, see_college(session, actor, college_id), command)
    return LinkDeclared(**command.model_dump(), group_ids=tuple(found))


# Sessions ---------------------------------------------------------------------------------------


@router.post("/codev/groups/{group_id}/sessions", status_code=CREATED)
def plan_session(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], session: SessionDep, group_id: int, command: NewCodevSession
) -> CodevSessionRow:
    """Plan a session for a codevelopment activity of the path."""
    return sessions.plan_session(session, actor, service.see_group(session, actor, group_id), command)


@router.get("/codev/sessions/{session_id}")
def codev_session(
    actor: Annotated[Actor, may(P.CODEV_READ)], session: SessionDep, session_id: int
) -> CodevSessionShown:
    """A session: roles, presence and turns; the reason of a turn is for the group only."""
    return sessions.codev_session(session, sessions.see_codev_session(session, actor, session_id))


@router.post("/codev/sessions/{session_id}/cancellation")
def cancel_session(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], session: SessionDep, session_id: int
) -> CodevSessionShown:
    """Cancel a session: it counts for nobody."""
    meeting = sessions.see_codev_session(session, actor, session_id)
    return sessions.codev_session(session, sessions.cancel_session(session, actor, meeting))


@router.get("/codev/sessions/{session_id}/rotation")
def rotation(
    actor: Annotated[Actor, may(P.CODEV_READ)],
    session: SessionDep,
    session_id: int,
    consultations: Annotated[int, Query(ge=1, le=4)] = 1,
    passing: Annotated[list[int] | None, Query(max_length=8, description="memberships that pass this time")] = None,
) -> list[ProposedShown]:
    """Who could be client and reserve: fewest turns, then a turn kept with notice, then the longest wait."""
    meeting = sessions.see_codev_session(session, actor, session_id)
    return sessions.rotation_for(session, meeting, consultations=consultations, passing=passing or ())


@router.put("/codev/sessions/{session_id}/roles")
def plan_roles(
    actor: Annotated[Actor, may(P.CODEV_RECORD)], session: SessionDep, session_id: int, command: RolesCommand
) -> CodevSessionShown:
    """Plan who takes which role in each consultation, in place of the plan before."""
    return sessions.plan_roles(session, sessions.see_codev_session(session, actor, session_id), command)


@router.post("/codev/sessions/{session_id}/records", status_code=CREATED)
def close_record(
    actor: Annotated[Actor, may(P.CODEV_RECORD)], session: SessionDep, session_id: int, command: RecordCommand
) -> CodevSessionShown:
    """Close the record, or correct the one in force by naming it in ``supersedes`` (409 ``stale``)."""
    meeting = sessions.see_codev_session(session, actor, session_id)
    records.close_record(session, actor, meeting, command)
    return sessions.codev_session(session, meeting)
