"""Signing in through a college's own service, linking one's account to it, and managing these services."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from app.identity.account.schemas import PasswordProof
from app.identity.oidc import providers as providers_module
from app.identity.oidc import service
from app.identity.oidc.rules import FLOW_LASTS
from app.identity.oidc.schemas import AuthorizationRedirect, Callback, NewProvider
from app.identity.sign_in import service as sign_in
from app.identity.sign_in.enums import SignInKind
from app.network import service as network
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import Invalid
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may
from app.platform.security.permissions import P
from app.platform.security.rate_limit import origin_of
from app.platform.web.deps import SessionDep
from app.platform.web.pages import local_path, redirect_after_post, render

router = APIRouter(include_in_schema=False)
Mine = Annotated[Actor, may(P.ME_MANAGE)]
Managing = Annotated[Actor, may(P.PEOPLE_MANAGE)]


# Going and coming back --------------------------------------------------------------------------


def _cookie(settings: Settings) -> str:
    return "__Host-escouade-oidc" if settings.secure else "escouade-oidc"


def _leave(request: Request, departure: AuthorizationRedirect) -> Response:
    """A page that goes on by itself to the issuer, the browser keeping the secret that brings it back.

    No 303: ``form-action 'self'`` would stop in some browsers a form whose answer leads to another site.
    """
    settings: Settings = request.app.state.settings
    response = render(request, "people/oidc_leave.html", departure=departure)
    response.headers["Refresh"] = f"0;url={departure.address}"
    response.set_cookie(
        _cookie(settings),
        departure.browser,
        max_age=int(FLOW_LASTS.total_seconds()),
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/connexion/oidc/{provider_id}")
def leave(_: OptionalActor, db: SessionDep, request: Request, provider_id: int, suite: str = "/") -> Response:
    """Go to sign in at a college's service."""
    state = request.app.state
    departure = service.start_flow(db, state.settings, state.keyring, provider_id, suite=local_path(suite))
    return _leave(request, departure)


@router.get(service.BACK)
def land(reader: OptionalActor, db: SessionDep, request: Request, arrival: Annotated[Callback, Query()]) -> Response:
    """Back from the service: signed in under a new cookie, or the identity linked."""
    settings: Settings = request.app.state.settings
    landed = service.finish_flow(
        db,
        settings,
        request.app.state.keyring,
        arrival,
        browser=request.cookies.get(_cookie(settings), ""),
        reader=reader,
        origin=origin_of(request),
    )
    response = redirect_after_post(landed.return_to)
    response.delete_cookie(_cookie(settings), secure=settings.secure, httponly=True, samesite="lax")
    if not landed.linked:
        sign_in.leave(db, request)
        secret, _expires_at = sign_in.open_sign_in(
            db,
            landed.account_id,
            kind=SignInKind.COOKIE,
            hours=settings.session_hours,
            user_agent=request.headers.get("user-agent", ""),
            origin=origin_of(request),
        )
        sign_in.give_cookie(response, settings, secret)
    return response


# One's own identities ---------------------------------------------------------------------------


@router.get(service.LINKS)
def identities(actor: Mine, db: SessionDep, request: Request) -> Response:
    """The services that one's account is linked to, and those it may be."""
    return _identities(db, request, actor)


def _identities(db: Session, request: Request, actor: Actor, *, error: str = "", status: int = 200) -> Response:
    return render(
        request,
        "people/oidc_identities.html",
        status=status,
        identities=service.identities(db, actor),
        offers=providers_module.offers(db),
        error=error,
    )


@router.post(service.LINKS + "/{provider_id}")
def link(
    actor: Mine, db: SessionDep, request: Request, provider_id: int, command: Annotated[PasswordProof, Form()]
) -> Response:
    """Go to the service, to link what it knows one by to one's account."""
    state = request.app.state
    try:
        departure = service.link_through(db, state.settings, state.keyring, provider_id, actor=actor, proof=command)
    except Invalid as refusal:
        return _identities(db, request, actor, error=refusal.code, status=refusal.status)
    return _leave(request, departure)


@router.post(service.LINKS + "/{identity_id}/retrait")
def unlink(actor: Mine, db: SessionDep, identity_id: int) -> Response:
    """Undo a link."""
    service.unlink(db, actor, identity_id)
    return redirect_after_post(service.LINKS)


# The services of a college ----------------------------------------------------------------------


@router.get("/colleges/{college_id}/connexion")
def providers(actor: Managing, db: SessionDep, request: Request, college_id: int) -> Response:
    """The college's services, and the form for another."""
    college = network.see_college(db, actor, college_id)
    return render(
        request,
        "people/oidc_providers.html",
        college=college,
        providers=providers_module.providers_of(db, college),
        redirect_uri=service.redirect_uri(request.app.state.settings),
    )


@router.post("/colleges/{college_id}/connexion")
def set_provider(
    actor: Managing, db: SessionDep, request: Request, college_id: int, command: Annotated[NewProvider, Form()]
) -> Response:
    """Offer a service, or change the label and the secret of one."""
    state = request.app.state
    college = network.see_college(db, actor, college_id)
    providers_module.set_provider(db, state.settings, state.keyring, college, command)
    return redirect_after_post(f"/colleges/{college_id}/connexion")


@router.post("/connexion/services/{provider_id}/retrait")
def end_provider(actor: Managing, db: SessionDep, provider_id: int) -> Response:
    """Offer it no more."""
    provider = providers_module.see_provider(db, actor, provider_id)
    providers_module.end_provider(db, provider)
    return redirect_after_post(f"/colleges/{provider.college_id}/connexion")
