"""The pages to sign in and to sign out."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.identity.oidc.providers import sign_in_options
from app.identity.sign_in import service
from app.identity.sign_in.authentication import cookie_name
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.schemas import SignInCommand
from app.platform.database.session import Session
from app.platform.errors import Unauthenticated
from app.platform.security.guards import OptionalActor
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.deps import DemoAccountsDep, KeyringDep, SessionDep, SettingsDep
from app.platform.web.pages import local_path, redirect_after_post, render

router = APIRouter(include_in_schema=False)


@router.get("/connexion")
def sign_in_page(
    reader: OptionalActor, db: SessionDep, demo_accounts: DemoAccountsDep, request: Request, suite: str = "/"
) -> Response:
    """Show the form; a person who is signed in is redirected to where they were going."""
    return_to = local_path(suite)
    if reader is not None:
        return redirect_after_post(return_to)
    return _form(request, db, demo_accounts, return_to)


@router.post("/connexion", dependencies=[slowed(RateLimitScope.SIGN_IN)])
def sign_in(
    _: OptionalActor,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    demo_accounts: DemoAccountsDep,
    request: Request,
    command: Annotated[SignInCommand, Form()],
    suite: str = "/",
) -> Response:
    """Sign in with a cookie, then go to where the person was going."""
    return_to = local_path(suite)
    try:
        secret, _expires_at = service.sign_in(
            db,
            keyring,
            command,
            kind=SignInKind.COOKIE,
            hours=settings.session_hours,
            user_agent=request.headers.get("user-agent", ""),
            origin=origin_of(request),
        )
    except Unauthenticated as refusal:
        return _form(
            request, db, demo_accounts, return_to, email=command.email, error=refusal.code, status=refusal.status
        )
    service.end_current_sign_in(db, request)
    response = redirect_after_post(return_to)
    service.set_cookie(response, settings, secret)
    return response


def _form(
    request: Request,
    db: Session,
    demo_accounts: Sequence[object],
    return_to: str,
    *,
    email: str = "",
    error: str = "",
    status: int = 200,
) -> Response:
    """Render the sign-in form; ``error`` is the code of a refusal."""
    return render(
        request,
        "people/sign_in.html",
        status=status,
        suite=return_to,
        email=email,
        error=error,
        demo_accounts=demo_accounts,
        sign_in_options=sign_in_options(db),
    )


@router.post("/deconnexion")
def sign_out(_: OptionalActor, db: SessionDep, settings: SettingsDep, request: Request) -> Response:
    """End the sign-in here and in the browser; signing out twice changes nothing."""
    service.end_current_sign_in(db, request)
    response = redirect_after_post("/connexion")
    response.delete_cookie(cookie_name(settings), secure=settings.secure, httponly=True, samesite="lax")
    return response
