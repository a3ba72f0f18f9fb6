"""Invitations on pages: the college's list, and the page that a letter's link opens."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.access import Actor, Anyone, P, Role, may
from app.config import Settings
from app.db import Session, SessionDep
from app.errors import Conflict, Invalid
from app.network import service as network
from app.people import service_invitations as service
from app.people import service_sign_in
from app.people.models import SignInKind
from app.people.schemas_invitations import AcceptInvitation, Invited, NewInvitation
from app.people.service_throttle import origin_of
from app.web import render, see_other

router = APIRouter(include_in_schema=False)
Inviting = Annotated[Actor, may(P.PEOPLE_MANAGE)]

PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""What an address that holds a secret asks of browsers and of robots."""


# The college's side ------------------------------------------------------------------------------


@router.get("/invitations")
def choose_college(actor: Inviting, session: SessionDep, request: Request) -> Response:
    """Which college invites; whoever manages one alone goes straight there."""
    everywhere = actor.has(Role.ADMIN)
    own = {held.college_id for held in actor.held if held.role is Role.REGISTRAR}
    colleges = [c for c in network.colleges(session) if everywhere or c.id in own]
    if len(colleges) == 1:
        return see_other(f"/colleges/{colleges[0].id}/invitations")
    return render(request, "people/invitations_colleges.html", colleges=colleges)


@router.get("/colleges/{college_id}/invitations")
def invitations_page(actor: Inviting, session: SessionDep, request: Request, college_id: int) -> Response:
    """Who was invited and what became of it, and the form."""
    college = network.see_college(session, actor, college_id)
    return render(
        request,
        "people/invitations.html",
        college=college,
        invitations=service.invitations(session, college),
        roles=[role for role in Role if role in service.giveable(actor, college.id)],
        cohorts=service.cohorts_to_train(session, college),
    )


@router.post("/colleges/{college_id}/invitations")
def invite(
    actor: Inviting,
    session: SessionDep,
    request: Request,
    college_id: int,
    command: Annotated[NewInvitation, Form()],
) -> Response:
    """Write to someone, then back to the list."""
    settings: Settings = request.app.state.settings
    college = network.see_college(session, actor, college_id)
    service.invite(session, actor, college, command, site=settings.base_url)
    return see_other(f"/colleges/{college_id}/invitations")


@router.post("/colleges/{college_id}/invitations/{invitation_id}/retrait")
def withdraw(actor: Inviting, session: SessionDep, college_id: int, invitation_id: int) -> Response:
    """Its link opens nothing from now on."""
    service.withdraw(session, service.see_invitation(session, actor, college_id, invitation_id))
    return see_other(f"/colleges/{college_id}/invitations")


@router.post("/colleges/{college_id}/invitations/{invitation_id}/renvoi")
def send_again(actor: Inviting, session: SessionDep, request: Request, college_id: int, invitation_id: int) -> Response:
    """Another letter, another link."""
    settings: Settings = request.app.state.settings
    invitation = service.see_invitation(session, actor, college_id, invitation_id)
    service.send_again(session, actor, invitation, site=settings.base_url)
    return see_other(f"/colleges/{college_id}/invitations")


# The reader's side -------------------------------------------------------------------------------


@router.get("/invitation/{token}")
def invitation_page(reader: Anyone, session: SessionDep, request: Request, token: str) -> Response:
    """What the letter offers; opening it consumes nothing."""
    invited = _read(session, request, reader, token)
    return _invitation(request, token, invited)


@router.post("/invitation/{token}")
def open_account(
    reader: Anyone,
    session: SessionDep,
    request: Request,
    token: str,
    command: Annotated[AcceptInvitation, Form()],
) -> Response:
    """A new account, signed in at once; a second time the letter has served."""
    settings: Settings = request.app.state.settings
    ring, origin = request.app.state.keyring, origin_of(request)
    if reader is not None:
        raise Conflict("invitation_of_another")
    try:
        account_id = service.open_account(session, ring, token, command, origin=origin)
    except Invalid as refusal:
        return _invitation(request, token, _read(session, request, reader, token), refusal=refusal, typed=command)
    service_sign_in.leave(session, request)
    secret, _expires_at = service_sign_in.open_sign_in(
        session,
        account_id,
        kind=SignInKind.COOKIE,
        hours=settings.session_hours,
        user_agent=request.headers.get("user-agent", ""),
        origin=origin,
    )
    response = see_other("/")
    service_sign_in.give_cookie(response, settings, secret)
    return response


@router.post("/invitation/{token}/acceptation")
def accept(actor: Annotated[Actor, may(P.ME_MANAGE)], session: SessionDep, request: Request, token: str) -> Response:
    """The role, added to the account that the letter was sent to."""
    service.accept(session, request.app.state.keyring, actor, token, origin=origin_of(request))
    return see_other("/")


def _read(session: Session, request: Request, reader: Actor | None, token: str) -> Invited:
    return service.read(session, request.app.state.keyring, reader, token, origin=origin_of(request))


def _invitation(
    request: Request,
    token: str,
    invited: Invited,
    *,
    refusal: Invalid | None = None,
    typed: AcceptInvitation | None = None,
) -> Response:
    page = render(
        request,
        "people/invitation.html",
        status=refusal.status if refusal is not None else 200,
        invited=invited,
        address=f"/invitation/{token}",
        reasons=refusal.reasons if refusal is not None else (),
        typed=typed,
    )
    page.headers.update(PRIVATE)
    return page
