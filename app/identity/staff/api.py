"""The roles of a college's staff, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response

from app.identity.staff import service
from app.identity.staff.schemas import RoleChangeCommand, StaffRoleRef, StaffRoles, StaffRoleShown
from app.identity.staff.service import see_staff_role
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)
MayManagePeople = Annotated[Actor, may(P.PEOPLE_MANAGE)]
ManagedRole = Annotated[StaffRoleRef, seen(see_staff_role, P.PEOPLE_MANAGE)]


@router.get("/colleges/{college_id}/staff-roles", summary="Roles of a college's staff")
def read_staff_roles(
    college: Annotated[CollegeShown, seen(see_college, P.PEOPLE_MANAGE)],
    db: SessionDep,
    after: After = None,
    limit: Limit = PAGE,
) -> StaffRoles:
    """Return who holds a role in the college, by name, with those that ended within 30 days."""
    return service.staff_roles(db, college, after=after, limit=limit)


@router.get("/staff-roles/{role_id}", summary="A role and its history")
def read_staff_role(role: ManagedRole, db: SessionDep) -> StaffRoleShown:
    """Return a role with its ends and returns."""
    return service.staff_role(db, role)


@router.post("/staff-roles/{role_id}/end", status_code=HTTPStatus.NO_CONTENT, summary="End a role")
def end_staff_role(actor: MayManagePeople, role: ManagedRole, db: SessionDep, command: RoleChangeCommand) -> Response:
    """End a role at once; one of the whole college ends in its cohorts and groups too."""
    service.end_staff_role(db, actor, role, command)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/staff-roles/{role_id}/return", status_code=HTTPStatus.NO_CONTENT, summary="Give an ended role back")
def give_back(actor: MayManagePeople, role: ManagedRole, db: SessionDep, command: RoleChangeCommand) -> Response:
    """Give a role back within 30 days of its end; a registrar's waits for a second administrator."""
    service.give_back(db, actor, role, command)
    return Response(status_code=HTTPStatus.NO_CONTENT)
