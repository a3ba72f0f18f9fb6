"""Signing in through a college's own service, linking one's account to it, and managing these services."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from app.access import Actor, Anyone, P, may
from app.config import Settings
from app.db import Session, SessionDep
from app.errors import Invalid
from app.network import service as network
from app.people import service_oidc, service_oidc_providers, service_sign_in
from app.people.models import SignInKind
from app.people.rules_oidc import FLOW_LASTS
from app.people.schemas_oidc import Arrival, Departure, NewProvider
from app.people.schemas_security import PasswordProof
from app.people.service_throttle import origin_of
from app.web import local_path, render, see_other

router = APIRouter(include_in_schema=False)
Mine = Annotated[Actor, may(P.ME_MANAGE)]
Managing = Annotated[Actor, may(P.PEOPLE_MANAGE)]


# Going and coming back --------------------------------------------------------------------------


def _cookie(settings: Settings) -> str:
    return "__Host-escouade-oidc" if settings.secure else "escouade-oidc"


def _leave(request: Request, departure: Departure) -> Response:
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
def leave(_: Anyone, session: SessionDep, request: Request, provider_id: int, suite: str = "/") -> Response:
    """Go to sign in at a college's service."""
    state = request.app.state
    departure = service_oidc.leave_for(session, state.settings, state.keyring, provider_id, suite=local_path(suite))
    return _leave(request, departure)


@router.get(service_oidc.BACK)
def land(reader: Anyone, session: SessionDep, request: Request, arrival: Annotated[Arrival, Query()]) -> Response:
    """Back from the service: signed in under a new cookie, or the identity linked."""
    settings: Settings = request.app.state.settings
    landed = service_oidc.land(
        session,
        settings,
        request.app.state.keyring,
        arrival,
        browser=request.cookies.get(_cookie(settings), ""),
        reader=reader,
        origin=origin_of(request),
    )
    response = see_other(landed.return_to)
    response.delete_cookie(_cookie(settings), secure=settings.secure, httponly=True, samesite="lax")
    if not landed.linked:
        service_sign_in.leave(session, request)
        secret, _expires_at = service_sign_in.open_sign_in(
            session,
            landed.account_id,
            kind=SignInKind.COOKIE,
            hours=settings.session_hours,
            user_agent=request.headers.get("user-agent", ""),
            origin=origin_of(request),
        )
        service_sign_in.give_cookie(response, settings, secret)
    return response


# One's own identities ---------------------------------------------------------------------------


@router.get(service_oidc.LINKS)
def identities(actor: Mine, session: SessionDep, request: Request) -> Response:
    """The services that one's account is linked to, and those it may be."""
    return _identities(session, request, actor)


def _identities(session: Session, request: Request, actor: Actor, *, error: str = "", status: int = 200) -> Response:
    return render(
        request,
        "people/oidc_identities.html",
        status=status,
        identities=service_oidc.identities(session, actor),
        offers=service_oidc_providers.offers(session),
        error=error,
    )


@router.post(service_oidc.LINKS + "/{provider_id}")
def link(
    actor: Mine, session: SessionDep, request: Request, provider_id: int, command: Annotated[PasswordProof, Form()]
) -> Response:
    """Go to the service, to link what it knows one by to one's account."""
    state = request.app.state
    try:
        departure = service_oidc.link_through(
            session, state.settings, state.keyring, provider_id, actor=actor, proof=command
        )
    except Invalid as refusal:
        return _identities(session, request, actor, error=refusal.code, status=refusal.status)
    return _leave(request, departure)


@router.post(service_oidc.LINKS + "/{identity_id}/retrait")
def unlink(actor: Mine, session: SessionDep, identity_id: int) -> Response:
    """Undo a link."""
    service_oidc.unlink(session, actor, identity_id)
    return see_other(service_oidc.LINKS)


# The services of a college ----------------------------------------------------------------------


@router.get("/colleges/{college_id}/connexion")
def providers(actor: Managing, session: SessionDep, request: Request, college_id: int) -> Response:
    """The college's services, and the form for another."""
    college = network.see_college(session, actor, college_id)
    return render(
        request,
        "people/oidc_providers.html",
        college=college,
        providers=service_oidc_providers.providers_of(session, college),
        redirect_uri=service_oidc.redirect_uri(request.app.state.settings),
    )


@router.post("/colleges/{college_id}/connexion")
def set_provider(
    actor: Managing, session: SessionDep, request: Request, college_id: int, command: Annotated[NewProvider, Form()]
) -> Response:
    """Offer a service, or change the label and the secret of one."""
    state = request.app.state
    college = network.see_college(session, actor, college_id)
    service_oidc_providers.set_provider(session, state.settings, state.keyring, college, command)
    return see_other(f"/colleges/{college_id}/connexion")


@router.post("/connexion/services/{provider_id}/retrait")
def end_provider(actor: Managing, session: SessionDep, provider_id: int) -> Response:
    """Offer it no more."""
    provider = service_oidc_providers.see_provider(session, actor, provider_id)
    service_oidc_providers.end_provider(session, provider)
    return see_other(f"/colleges/{provider.college_id}/connexion")
