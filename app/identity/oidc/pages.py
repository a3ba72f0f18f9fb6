"""The pages of OpenID Connect: signing in through a provider, linking one's account to it, managing the providers."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.identity.account.present_password import compared
from app.identity.account.schemas import PasswordProof
from app.identity.oidc import providers as provider_service
from app.identity.oidc import service
from app.identity.oidc.providers import see_provider
from app.identity.oidc.rules import FLOW_LIFETIME
from app.identity.oidc.schemas import AuthorizationRedirect, Callback, NewProvider, ProviderRef
from app.identity.sign_in import service as sign_in
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.proofs import PasswordCheck
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.config import Settings
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may, seen
from app.platform.security.permissions import P
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import local_path, redirect_after_post, render

router = page_router()
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]
ManagedCollege = Annotated[CollegeShown, seen(see_college, P.PEOPLE_MANAGE)]


# The authorization flow -------------------------------------------------------------------------


def _cookie(settings: Settings) -> str:
    """Return the name of the cookie that binds a flow to one browser."""
    return "__Host-escouade-oidc" if settings.secure else "escouade-oidc"


def _redirect_to_provider(request: Request, settings: Settings, redirect: AuthorizationRedirect) -> Response:
    """Return a page that goes on by itself to the issuer, with the cookie that binds the flow to this browser.

    No 303: in some browsers ``form-action 'self'`` blocks a form whose response redirects to another site.
    """
    response = render(request, "people/oidc_leave.html", redirect=redirect)
    response.headers["Refresh"] = f"0;url={redirect.address}"
    response.set_cookie(
        _cookie(settings),
        redirect.browser,
        max_age=int(FLOW_LIFETIME.total_seconds()),
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/connexion/oidc/{provider_id}", dependencies=[form_on("/connexion")])
def start(
    _: OptionalActor,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    provider_id: int,
    suite: str = "/",
) -> Response:
    """Start a sign-in through a college's provider."""
    redirect = service.start_flow(db, settings, keyring, provider_id, return_to=local_path(suite))
    return _redirect_to_provider(request, settings, redirect)


@router.get(service.CALLBACK_PATH, dependencies=[slowed(RateLimitScope.OIDC)])
def finish(
    reader: OptionalActor,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    callback: Annotated[Callback, Query()],
) -> Response:
    """Finish the flow when the provider sends the browser back: sign in with a new cookie, or link the identity."""
    result = service.finish_flow(
        db,
        settings,
        keyring,
        callback,
        browser=request.cookies.get(_cookie(settings), ""),
        reader=reader,
        origin=origin_of(request),
    )
    response = redirect_after_post(result.return_to)
    response.delete_cookie(_cookie(settings), secure=settings.secure, httponly=True, samesite="lax")
    if not result.linked:
        sign_in.end_current_sign_in(db, request)
        secret, _expires_at = sign_in.create_sign_in(
            db,
            result.account_id,
            kind=SignInKind.COOKIE,
            hours=settings.session_hours,
            user_agent=request.headers.get("user-agent", ""),
            origin=origin_of(request),
        )
        sign_in.set_cookie(response, settings, secret)
    return response


# One's own identities ---------------------------------------------------------------------------


@router.get(service.IDENTITIES_PATH)
def identities(actor: MayManageSelf, db: SessionDep, settings: SettingsDep, request: Request) -> Response:
    """Show the providers that one's account is linked to, and those it may be linked to."""
    return render(
        request,
        "people/oidc_identities.html",
        identities=service.identities(db, actor),
        sign_in_options=provider_service.sign_in_options(db, settings),
    )


@router.post(service.IDENTITIES_PATH + "/{provider_id}", dependencies=[form_on(service.IDENTITIES_PATH)])
def link(
    check: Annotated[PasswordCheck, compared(Annotated[PasswordProof, Form()])],
    actor: MayManageSelf,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    provider_id: int,
) -> Response:
    """Start linking one's identity at a provider to one's account, given the password."""
    redirect = service.start_linking(db, settings, keyring, provider_id, actor=actor, check=check)
    return _redirect_to_provider(request, settings, redirect)


@router.post(service.IDENTITIES_PATH + "/{identity_id}/retrait", dependencies=[form_on(service.IDENTITIES_PATH)])
def unlink(actor: MayManageSelf, db: SessionDep, identity_id: int) -> Response:
    """Unlink an identity from one's account."""
    service.unlink(db, actor, identity_id)
    return redirect_after_post(service.IDENTITIES_PATH)


# The providers of a college ---------------------------------------------------------------------


@router.get("/colleges/{college_id}/connexion", dependencies=[keyed_page()])
def providers(college: ManagedCollege, db: SessionDep, settings: SettingsDep, request: Request) -> Response:
    """Show the college's providers, and the form to add one."""
    return render(
        request,
        "people/oidc_providers.html",
        college=college,
        providers=provider_service.providers_of(db, college),
        redirect_uri=service.redirect_uri(settings),
    )


@router.post(
    "/colleges/{college_id}/connexion", dependencies=[form_on("/colleges/{college_id}/connexion", creates=True)]
)
def set_provider(
    college: ManagedCollege,
    db: SessionDep,
    settings: SettingsDep,
    keyring: KeyringDep,
    command: Annotated[NewProvider, Form()],
) -> Response:
    """Add a provider, or replace the label and the secret of an existing one."""
    provider_service.set_provider(db, settings, keyring, college, command)
    return redirect_after_post(f"/colleges/{college.id}/connexion")


@router.post("/connexion/services/{provider_id}/retrait", dependencies=[form_on("/colleges/{college_id}/connexion")])
def end_provider(provider: Annotated[ProviderRef, seen(see_provider, P.PEOPLE_MANAGE)], db: SessionDep) -> Response:
    """Stop sign-ins through a provider."""
    provider_service.end_provider(db, provider)
    return redirect_after_post(f"/colleges/{provider.college_id}/connexion")
