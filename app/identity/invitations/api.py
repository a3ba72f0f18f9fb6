"""Invitations of a college, for programs; the letter's reader answers on a page."""

from typing import Annotated

from fastapi import APIRouter, Request, Response, status

from app.identity.invitations import service
from app.identity.invitations.schemas import InvitationList, InvitationShown, NewInvitation
from app.network import service as network
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["people"], route_class=OnceRoute)
Inviting = Annotated[Actor, may(P.PEOPLE_MANAGE)]


@router.get("/colleges/{college_id}/invitations", summary="Invitations of a college")
def read_invitations(actor: Inviting, db: SessionDep, college_id: int) -> InvitationList:
    """Whatever became of them, newest first."""
    college = network.see_college(db, actor, college_id)
    return InvitationList(items=service.invitations(db, college))


@router.post("/colleges/{college_id}/invitations", status_code=status.HTTP_201_CREATED, summary="Invite someone")
def invite(
    actor: Inviting, db: SessionDep, request: Request, college_id: int, command: NewInvitation
) -> InvitationShown:
    """A letter with a link that serves once, within 7 days; the same answer for any address."""
    college = network.see_college(db, actor, college_id)
    return service.invite(db, actor, college, command, site=request.app.state.settings.base_url)


@router.delete(
    "/colleges/{college_id}/invitations/{invitation_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Withdraw an invitation",
)
def withdraw(actor: Inviting, db: SessionDep, college_id: int, invitation_id: int) -> Response:
    """Its link opens nothing from now on."""
    service.withdraw(db, service.see_invitation(db, actor, college_id, invitation_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/colleges/{college_id}/invitations/{invitation_id}/letters", summary="Send an invitation again")
def send_again(
    actor: Inviting, db: SessionDep, request: Request, college_id: int, invitation_id: int
) -> InvitationShown:
    """Another link, for 7 days; the one before opens nothing any more."""
    invitation = service.see_invitation(db, actor, college_id, invitation_id)
    return service.send_again(db, actor, invitation, site=request.app.state.settings.base_url)
