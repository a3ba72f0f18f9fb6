"""JSON endpoints of the team of a cohort."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response

from app.cohorts import service as cohorts
from app.cohorts.schemas import CohortRef, StaffCommand
from app.cohorts.service import see_cohort
from app.identity.staff.schemas import StaffRoleRef
from app.identity.staff.service import see_staff_role
from app.overview.cohort_team import service
from app.overview.cohort_team.schemas import LeavePreview, LeaveTeam, Team
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]
RoleOfTeam = Annotated[StaffRoleRef, seen(see_staff_role, P.COHORT_MANAGE)]


@router.get("/cohorts/{cohort_id}/staff")
def cohort_team(db: SessionDep, cohort: ManagedCohort) -> Team:
    """List who holds a role in a cohort."""
    return service.team(db, cohort)


@router.post("/cohorts/{cohort_id}/staff", status_code=HTTPStatus.CREATED)
def add_staff(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], db: SessionDep, cohort: ManagedCohort, command: StaffCommand
) -> StaffCommand:
    """Give someone who works in the college a role in the cohort; nothing changes when they already hold it."""
    cohorts.add_staff(db, actor, cohort, command)
    return command


@router.get("/cohorts/{cohort_id}/staff/{role_id}")
def preview_departure(db: SessionDep, cohort: ManagedCohort, role: RoleOfTeam) -> LeavePreview:
    """Return what the departure of someone of the team leaves without anybody."""
    return service.preview_departure(db, cohort, role)


@router.post("/cohorts/{cohort_id}/staff/{role_id}/end", status_code=HTTPStatus.NO_CONTENT)
def leave_team(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    cohort: ManagedCohort,
    role: RoleOfTeam,
    command: LeaveTeam,
) -> Response:
    """End a role in the cohort, with its reason.

    409 `cohort_changed` when it leaves something else than `shown`; 422 `preview_needed` without it: read what the
    departure leaves first.
    """
    service.leave(db, actor, cohort, role, command)
    return Response(status_code=HTTPStatus.NO_CONTENT)
