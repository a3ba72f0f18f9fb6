"""Signing in and out, and the home page of each role."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.identity.oidc.providers import offers
from app.identity.sign_in import authentication as sign_in_authentication
from app.identity.sign_in import service
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.schemas import SignInCommand
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import Unauthenticated
from app.platform.security.guards import OptionalActor
from app.platform.security.rate_limit import origin_of
from app.platform.web.deps import SessionDep
from app.platform.web.pages import local_path, redirect_after_post, render

router = APIRouter(include_in_schema=False)


@router.get("/connexion")
def sign_in_page(reader: OptionalActor, db: SessionDep, request: Request, suite: str = "/") -> Response:
    """The form; whoever is already signed in goes on."""
    if reader is not None:
        return redirect_after_post(local_path(suite))
    return _form(db, request, suite)


@router.post("/connexion")
def sign_in(
    _: OptionalActor, db: SessionDep, request: Request, command: Annotated[SignInCommand, Form()], suite: str = "/"
) -> Response:
    """Sign in with a cookie, then go where one was going."""
    settings: Settings = request.app.state.settings
    hours, agent = settings.session_hours, request.headers.get("user-agent", "")
    try:
        secret, _expires_at = service.sign_in(
            db,
            request.app.state.keyring,
            command,
            kind=SignInKind.COOKIE,
            hours=hours,
            user_agent=agent,
            origin=origin_of(request),
        )
    except Unauthenticated as refusal:
        return _form(db, request, suite, email=command.email, error=refusal.code, status=refusal.status)
    service.leave(db, request)
    response = redirect_after_post(local_path(suite))
    service.give_cookie(response, settings, secret)
    return response


def _form(
    db: Session, request: Request, suite: str, *, email: str = "", error: str = "", status: int = 200
) -> Response:
    settings: Settings = request.app.state.settings
    demo = getattr(request.app.state, "demo_accounts", ()) if settings.environment == "demo" else ()
    return render(
        request,
        "people/sign_in.html",
        status=status,
        suite=local_path(suite),
        email=email,
        error=error,
        demo_accounts=demo,
        offers=offers(db),
    )


@router.post("/deconnexion")
def sign_out(_: OptionalActor, db: SessionDep, request: Request) -> Response:
    """End the sign-in here and in the browser; doing it twice changes nothing."""
    service.leave(db, request)
    settings: Settings = request.app.state.settings
    response = redirect_after_post("/connexion")
    response.delete_cookie(
        sign_in_authentication.cookie_name(settings), secure=settings.secure, httponly=True, samesite="lax"
    )
    return response
