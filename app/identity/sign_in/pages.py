"""The pages to sign in and to sign out."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.identity.oidc.providers import sign_in_options
from app.identity.sign_in import service
from app.identity.sign_in.authentication import cookie_name
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.proofs import CheckOfForm
from app.identity.sign_in.schemas import SignInCommand
from app.platform.security.guards import OptionalActor
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.deps import DemoAccountsDep, KeyringDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.forms.refusals import SIGN_IN_AGAIN
from app.platform.web.pages import local_path, redirect_after_post, render

router = page_router()


@router.get("/connexion")
def sign_in_page(
    reader: OptionalActor,
    db: SessionDep,
    *,
    settings: SettingsDep,
    demo_accounts: DemoAccountsDep,
    request: Request,
    suite: str = "/",
) -> Response:
    """Show the form; a person who is signed in is redirected to where they were going."""
    return_to = local_path(suite)
    if reader is not None:
        return redirect_after_post(return_to)
    options = sign_in_options(db, settings)
    return render(request, "people/sign_in.html", suite=return_to, demo_accounts=demo_accounts, sign_in_options=options)


@router.post("/connexion", dependencies=[slowed(RateLimitScope.SIGN_IN), form_on("/connexion")])
def sign_in(
    check: CheckOfForm,
    _: OptionalActor,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    command: Annotated[SignInCommand, Form()],
    suite: str = "/",
) -> Response:
    """Sign in with a cookie, then go to where the person was going."""
    secret, _expires_at = service.sign_in(
        db,
        keyring,
        command,
        check,
        kind=SignInKind.COOKIE,
        hours=settings.session_hours,
        user_agent=request.headers.get("user-agent", ""),
        origin=origin_of(request),
    )
    service.end_current_sign_in(db, request)
    response = redirect_after_post(local_path(suite))
    service.set_cookie(response, settings, secret)
    return response


@router.get(SIGN_IN_AGAIN)
def signed_in_again(reader: OptionalActor, request: Request) -> Response:
    """Say to someone who signed in beside a form that was refused to go back to its tab."""
    if reader is None:
        return redirect_after_post(f"/connexion?suite={SIGN_IN_AGAIN}")
    return render(request, "people/signed_in_again.html")


@router.post("/deconnexion", dependencies=[form_on("/connexion")])
def sign_out(_: OptionalActor, db: SessionDep, settings: SettingsDep, request: Request) -> Response:
    """End the sign-in here and in the browser, with its drafts; signing out twice changes nothing."""
    service.end_current_sign_in(db, request)
    response = redirect_after_post("/connexion")
    response.headers["Clear-Site-Data"] = '"storage"'
    response.delete_cookie(cookie_name(settings), secure=settings.secure, httponly=True, samesite="lax")
    return response
