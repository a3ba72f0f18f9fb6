"""Invitations on pages: the college's list, and the page that a letter's link opens."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.identity.invitations import service
from app.identity.invitations.schemas import AcceptInvitation, Invited, NewInvitation
from app.identity.sign_in import service as sign_in
from app.identity.sign_in.enums import SignInKind
from app.network import service as network
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may
from app.platform.security.permissions import P, Role
from app.platform.security.rate_limit import origin_of
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)
Inviting = Annotated[Actor, may(P.PEOPLE_MANAGE)]

PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""What an address that holds a secret asks of browsers and of robots."""


# The college's side ------------------------------------------------------------------------------


@router.get("/invitations")
def choose_college(actor: Inviting, db: SessionDep, request: Request) -> Response:
    """Which college invites; whoever manages one alone goes straight there."""
    everywhere = actor.has(Role.ADMIN)
    own = {held.college_id for held in actor.grants if held.role is Role.REGISTRAR}
    colleges = [c for c in network.colleges(db) if everywhere or c.id in own]
    if len(colleges) == 1:
        return redirect_after_post(f"/colleges/{colleges[0].id}/invitations")
    return render(request, "people/invitations_colleges.html", colleges=colleges)


@router.get("/colleges/{college_id}/invitations")
def invitations_page(actor: Inviting, db: SessionDep, request: Request, college_id: int) -> Response:
    """Who was invited and what became of it, and the form."""
    college = network.see_college(db, actor, college_id)
    return render(
        request,
        "people/invitations.html",
        college=college,
        invitations=service.invitations(db, college),
        roles=[role for role in Role if role in service.giveable(actor, college.id)],
        cohorts=service.cohorts_to_train(db, college),
    )


@router.post("/colleges/{college_id}/invitations")
def invite(
    actor: Inviting,
    db: SessionDep,
    request: Request,
    college_id: int,
    command: Annotated[NewInvitation, Form()],
) -> Response:
    """Write to someone, then back to the list."""
    settings: Settings = request.app.state.settings
    college = network.see_college(db, actor, college_id)
    service.invite(db, actor, college, command, site=settings.base_url)
    return redirect_after_post(f"/colleges/{college_id}/invitations")


@router.post("/colleges/{college_id}/invitations/{invitation_id}/retrait")
def withdraw(actor: Inviting, db: SessionDep, college_id: int, invitation_id: int) -> Response:
    """Its link opens nothing from now on."""
    service.withdraw(db, service.see_invitation(db, actor, college_id, invitation_id))
    return redirect_after_post(f"/colleges/{college_id}/invitations")


@router.post("/colleges/{college_id}/invitations/{invitation_id}/renvoi")
def send_again(actor: Inviting, db: SessionDep, request: Request, college_id: int, invitation_id: int) -> Response:
    """Another letter, another link."""
    settings: Settings = request.app.state.settings
    invitation = service.see_invitation(db, actor, college_id, invitation_id)
    service.send_again(db, actor, invitation, site=settings.base_url)
    return redirect_after_post(f"/colleges/{college_id}/invitations")


# The reader's side -------------------------------------------------------------------------------


@router.get("/invitation/{token}")
def invitation_page(reader: OptionalActor, db: SessionDep, request: Request, token: str) -> Response:
    """What the letter offers; opening it consumes nothing."""
    invited = _read(db, request, reader, token)
    return _invitation(request, token, invited)


@router.post("/invitation/{token}")
def open_account(
    reader: OptionalActor,
    db: SessionDep,
    request: Request,
    token: str,
    command: Annotated[AcceptInvitation, Form()],
) -> Response:
    """A new account, signed in at once; a second time the letter has served."""
    settings: Settings = request.app.state.settings
    keyring, origin = request.app.state.keyring, origin_of(request)
    if reader is not None:
        raise Conflict("invitation_of_another")
    try:
        account_id = service.open_account(db, keyring, token, command, origin=origin)
    except Invalid as refusal:
        return _invitation(request, token, _read(db, request, reader, token), refusal=refusal, typed=command)
    sign_in.leave(db, request)
    secret, _expires_at = sign_in.open_sign_in(
        db,
        account_id,
        kind=SignInKind.COOKIE,
        hours=settings.session_hours,
        user_agent=request.headers.get("user-agent", ""),
        origin=origin,
    )
    response = redirect_after_post("/")
    sign_in.give_cookie(response, settings, secret)
    return response


@router.post("/invitation/{token}/acceptation")
def accept(actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, request: Request, token: str) -> Response:
    """The role, added to the account that the letter was sent to."""
    service.accept(db, request.app.state.keyring, actor, token, origin=origin_of(request))
    return redirect_after_post("/")


def _read(db: Session, request: Request, reader: Actor | None, token: str) -> Invited:
    return service.read(db, request.app.state.keyring, reader, token, origin=origin_of(request))


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
