"""JSON endpoint that brings a list of staff into a college."""

from typing import Annotated

from fastapi import APIRouter

from app.identity.imports.schemas import AddedPeople
from app.identity.staff.imports import service
from app.identity.staff.imports.schemas import StaffListToInvite
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)


@router.post("/colleges/{college_id}/staff-invitations", summary="Invite a list of staff")
def invite_staff(
    actor: Annotated[Actor, may(P.PEOPLE_MANAGE)],
    db: SessionDep,
    settings: SettingsDep,
    college: Annotated[CollegeShown, seen(see_college, P.PEOPLE_MANAGE)],
    command: StaffListToInvite,
) -> AddedPeople:
    """Invite people to roles of a college: all rows or none, under the rules of a single invitation.

    Sent twice, nobody is invited twice. A dry run says what each row would do. 422 with a reason for each row that is
    to be corrected, or whose person may be one whom the college knows: answer with `is_same` or `is_another`.
    """
    return service.invite_staff_of_program(db, actor, college, command, site=settings.base_url)
