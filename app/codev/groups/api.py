"""Groups, their members and facilitator, and management links, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.codev.groups import links, lists, service
from app.codev.groups.schemas import (
    FacilitatorCommand,
    GroupPage,
    GroupRef,
    GroupShown,
    JoinCommand,
    LeaveCommand,
    LinkCommand,
    LinkDeclared,
    NewGroup,
    ReturnCommand,
)
from app.codev.groups.service import see_group
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)

CREATED = HTTPStatus.CREATED

GroupManager = Annotated[Actor, may(P.CODEV_MANAGE)]
ManagedGroup = Annotated[GroupRef, seen(see_group, P.CODEV_MANAGE)]


@router.get("/codev/groups")
def list_groups(
    *,
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_READ)],
    cohort_id: int | None = None,
    after: After = None,
    limit: Limit = PAGE,
) -> GroupPage:
    """The actor's own groups, or those of their college, each with the session to come or to close."""
    return lists.groups(db, actor, cohort_id=cohort_id, after=after, limit=limit)


@router.post("/cohorts/{cohort_id}/codev-groups", status_code=CREATED)
def create_group(
    db: SessionDep,
    actor: GroupManager,
    cohort: Annotated[CohortRef, seen(see_cohort, P.CODEV_MANAGE)],
    command: NewGroup,
) -> GroupShown:
    """Form a group of 4 to 8 active people of the cohort, with its facilitator (BR-10)."""
    return service.create_group(db, actor, cohort, command)


@router.get("/codev/groups/{group_id}")
def read_group(db: SessionDep, group: Annotated[GroupRef, seen(see_group, P.CODEV_READ)]) -> GroupShown:
    """A group with its members, their turns as client, and its sessions."""
    return service.group(db, group)


@router.post("/codev/groups/{group_id}/members", status_code=CREATED)
def add_member(db: SessionDep, actor: GroupManager, group: ManagedGroup, command: JoinCommand) -> GroupShown:
    """Add a person of the cohort to a group."""
    return service.add_member(db, actor, group, command)


@router.post("/codev/groups/{group_id}/departures", status_code=CREATED)
def remove_member(db: SessionDep, group: ManagedGroup, command: LeaveCommand) -> GroupShown:
    """Record that a member leaves; their past stays."""
    return service.remove_member(db, group, command)


@router.post("/codev/groups/{group_id}/returns", status_code=CREATED)
def return_member(db: SessionDep, actor: GroupManager, group: ManagedGroup, command: ReturnCommand) -> GroupShown:
    """Take the departure of a member back: their turns and presences go on."""
    return service.return_member(db, actor, group, command)


@router.put("/codev/groups/{group_id}/facilitator")
def set_facilitator(
    db: SessionDep, actor: GroupManager, group: ManagedGroup, command: FacilitatorCommand
) -> GroupShown:
    """Replace the facilitator of a group."""
    return service.set_facilitator(db, actor, group, command)


@router.post("/colleges/{college_id}/management-links", status_code=CREATED)
def declare_link(
    db: SessionDep,
    actor: GroupManager,
    college: Annotated[CollegeShown, seen(see_college, P.CODEV_MANAGE)],
    command: LinkCommand,
) -> LinkDeclared:
    """Declare that one person manages another, never in one group; lists the groups to which both belong (BR-10)."""
    group_ids = links.declare_link(db, actor, college, command)
    return LinkDeclared(**command.model_dump(), group_ids=tuple(group_ids))
