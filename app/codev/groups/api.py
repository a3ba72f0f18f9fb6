"""Codevelopment over JSON: groups, sessions, roles, rotation and records; never what was said."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.codev.groups import links as people
from app.codev.groups import service
from app.codev.groups.schemas import (
    FacilitatorCommand,
    GroupRow,
    GroupShown,
    JoinCommand,
    LeaveCommand,
    LinkCommand,
    LinkDeclared,
    NewGroup,
)
from app.cohorts.service import see_cohort
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["codev"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED

# Groups -----------------------------------------------------------------------------------------


@router.get("/codev/groups")
def groups(actor: Annotated[Actor, may(P.CODEV_READ)], db: SessionDep, cohort_id: int | None = None) -> list[GroupRow]:
    """One's own groups, or those of one's college, each with the session to come or to close."""
    return service.groups(db, actor, cohort_id=cohort_id)


@router.post("/cohorts/{cohort_id}/codev-groups", status_code=CREATED)
def create_group(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], db: SessionDep, cohort_id: int, command: NewGroup
) -> GroupShown:
    """Form a group of 4 to 8 active people of the cohort, with its facilitator (BR-10)."""
    return service.create_group(db, actor, see_cohort(db, actor, cohort_id), command)


@router.get("/codev/groups/{group_id}")
def group(actor: Annotated[Actor, may(P.CODEV_READ)], db: SessionDep, group_id: int) -> GroupShown:
    """A group with its members, their turns as client, and its sessions."""
    return service.group(db, service.see_group(db, actor, group_id))


@router.post("/codev/groups/{group_id}/members", status_code=CREATED)
def add_member(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], db: SessionDep, group_id: int, command: JoinCommand
) -> GroupShown:
    """Add someone of the cohort to a group."""
    return service.add_member(db, actor, service.see_group(db, actor, group_id), command)


@router.post("/codev/groups/{group_id}/departures", status_code=CREATED)
def remove_member(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], db: SessionDep, group_id: int, command: LeaveCommand
) -> GroupShown:
    """Note that a member leaves; their past stays."""
    return service.remove_member(db, service.see_group(db, actor, group_id), command)


@router.put("/codev/groups/{group_id}/facilitator")
def set_facilitator(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], db: SessionDep, group_id: int, command: FacilitatorCommand
) -> GroupShown:
    """Hand a group over to another facilitator."""
    return service.set_facilitator(db, actor, service.see_group(db, actor, group_id), command)


@router.post("/colleges/{college_id}/management-links", status_code=CREATED)
def declare_link(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], db: SessionDep, college_id: int, command: LinkCommand
) -> LinkDeclared:
    """Note that one person manages another: never in one group; tells the groups where both already are (BR-10)."""
    found = people.declare_link(db, actor, see_college(db, actor, college_id), command)
    return LinkDeclared(**command.model_dump(), group_ids=tuple(found))
