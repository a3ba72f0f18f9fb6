"""The pages of a college's staff: the list of roles, and a role with the form that ends it or gives it back."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.identity.staff import service
from app.identity.staff.schemas import RoleChangeCommand, StaffRoleRef, StaffRolesQuery
from app.identity.staff.service import see_staff_role
from app.network import service as network
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
MayManagePeople = Annotated[Actor, may(P.PEOPLE_MANAGE)]
ManagedRole = Annotated[StaffRoleRef, seen(see_staff_role, P.PEOPLE_MANAGE)]


@router.get("/colleges/{college_id}/roles")
def staff_page(
    request: Request,
    college: Annotated[CollegeShown, seen(see_college, P.PEOPLE_MANAGE)],
    db: SessionDep,
    query: Annotated[StaffRolesQuery, Query()],
) -> Response:
    """Show who holds a role in the college, and held one until lately."""
    staff = ListView(f"/colleges/{college.id}/roles", query, service.list_staff_roles(db, college, query))
    return render(request, "people/staff.html", college=college, staff=staff)


@router.get("/roles-tenus/{role_id}")
def role_page(request: Request, actor: MayManagePeople, role: ManagedRole, db: SessionDep) -> Response:
    """Show a role and its history, with the form that ends it or gives it back."""
    return render(
        request,
        "people/staff_role.html",
        college=network.college(db, role.college_id),
        held=service.staff_role(db, role),
        may_change=service.may_change(actor, role),
    )


@router.post("/roles-tenus/{role_id}/fin", dependencies=[form_on("/roles-tenus/{role_id}")])
def end_staff_role(
    actor: MayManagePeople, role: ManagedRole, db: SessionDep, form: Annotated[RoleChangeCommand, Form()]
) -> Response:
    """End a role."""
    service.end_staff_role(db, actor, role, form)
    return redirect_after_post(f"/roles-tenus/{role.id}")


@router.post("/roles-tenus/{role_id}/retour", dependencies=[form_on("/roles-tenus/{role_id}")])
def give_back(
    actor: MayManagePeople, role: ManagedRole, db: SessionDep, form: Annotated[RoleChangeCommand, Form()]
) -> Response:
    """Give a role back."""
    service.give_back(db, actor, role, form)
    return redirect_after_post(f"/colleges/{role.college_id}/roles")
