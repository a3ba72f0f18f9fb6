"""HTML pages of the team of a cohort."""

from typing import Annotated, Any

from fastapi import Form, Request, Response

from app.cohorts import service as cohorts
from app.cohorts.schemas import CohortRef, StaffCommand
from app.cohorts.service import see_cohort
from app.identity.staff.schemas import StaffRoleRef
from app.identity.staff.service import see_staff_role
from app.overview.cohort_team import service
from app.overview.cohort_team.schemas import LeaveTeam
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]
RoleOfTeam = Annotated[StaffRoleRef, seen(see_staff_role, P.COHORT_MANAGE)]


@router.get("/cohortes/{cohort_id}/equipe")
def show_team(request: Request, db: SessionDep, cohort: ManagedCohort) -> Response:
    """Show the team of a cohort, with the form that adds someone."""
    values: dict[str, Any] = {
        "team": service.team(db, cohort),
        "people": service.who_may_join(db, cohort),
        "roles": service.JOINING,
    }
    return render(request, "cohorts/team.html", cohort=cohort, **values)


@router.post("/cohortes/{cohort_id}/equipe", dependencies=[form_on("/cohortes/{cohort_id}/equipe")])
def add_staff(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    cohort: ManagedCohort,
    form: Annotated[StaffCommand, Form()],
) -> Response:
    """Give someone a role in the cohort."""
    cohorts.add_staff(db, actor, cohort, form)
    return redirect_after_post(f"/cohortes/{cohort.id}/equipe")


@router.get("/cohortes/{cohort_id}/equipe/{role_id}")
def confirm_departure(request: Request, db: SessionDep, cohort: ManagedCohort, role: RoleOfTeam) -> Response:
    """Show what the departure of someone of the team leaves, with the form that confirms it."""
    return render(
        request, "cohorts/leave_team.html", cohort=cohort, leaving=service.preview_departure(db, cohort, role)
    )


@router.post("/cohortes/{cohort_id}/equipe/{role_id}", dependencies=[form_on("/cohortes/{cohort_id}/equipe/{role_id}")])
def leave_team(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    cohort: ManagedCohort,
    role: RoleOfTeam,
    form: Annotated[LeaveTeam, Form()],
) -> Response:
    """End a role in the cohort."""
    service.leave(db, actor, cohort, role, form)
    return redirect_after_post(f"/cohortes/{cohort.id}/equipe")
