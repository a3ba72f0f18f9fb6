"""JSON routes for the invitations of a college; the person invited answers on a page."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from app.identity.invitations import correction, service
from app.identity.invitations.schemas import (
    CorrectedAddress,
    InvitationList,
    InvitationRef,
    InvitationShown,
    NewInvitation,
)
from app.identity.invitations.service import see_invitation
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)
MayManagePeople = Annotated[Actor, may(P.PEOPLE_MANAGE)]
ManagedCollege = Annotated[CollegeShown, seen(see_college, P.PEOPLE_MANAGE)]
ManagedInvitation = Annotated[InvitationRef, seen(see_invitation, P.PEOPLE_MANAGE)]


@router.get("/colleges/{college_id}/invitations", summary="Invitations of a college")
def read_invitations(
    college: ManagedCollege, db: SessionDep, after: After = None, limit: Limit = PAGE
) -> InvitationList:
    """Return the college's invitations in every state, newest first."""
    return service.invitations(db, college, after=after, limit=limit)


@router.post("/colleges/{college_id}/invitations", status_code=status.HTTP_201_CREATED, summary="Invite someone")
def invite(
    actor: MayManagePeople, college: ManagedCollege, db: SessionDep, settings: SettingsDep, command: NewInvitation
) -> InvitationShown:
    """Send an e-mail message with a link that works once, within 7 days; the response is the same for any address."""
    return service.invite(db, actor, college, command, site=settings.base_url)


@router.get("/colleges/{college_id}/invitations/{invitation_id}", summary="An invitation")
def read_invitation(invitation: ManagedInvitation, db: SessionDep) -> InvitationShown:
    """Return an invitation and where its letter stands."""
    return service.load_invitation(db, invitation)


@router.put("/colleges/{college_id}/invitations/{invitation_id}/email", summary="Correct the address of an invitation")
def correct_address(
    actor: MayManagePeople,
    invitation: ManagedInvitation,
    db: SessionDep,
    settings: SettingsDep,
    command: CorrectedAddress,
) -> InvitationShown:
    """Send the invitation to another address, with a new link, valid for 7 days; the previous one is refused."""
    return correction.correct_address(db, actor, invitation, command, site=settings.base_url)


@router.delete(
    "/colleges/{college_id}/invitations/{invitation_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Withdraw an invitation",
)
def withdraw(actor: MayManagePeople, invitation: ManagedInvitation, db: SessionDep) -> Response:
    """Withdraw the invitation: its link is refused from now on."""
    service.withdraw(db, actor, invitation)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/colleges/{college_id}/invitations/{invitation_id}/letters", summary="Send an invitation again")
def send_again(
    actor: MayManagePeople, invitation: ManagedInvitation, db: SessionDep, settings: SettingsDep
) -> InvitationShown:
    """Send a new link, valid for 7 days; the previous one is refused from now on."""
    return service.send_again(db, actor, invitation, site=settings.base_url)
