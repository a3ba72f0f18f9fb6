"""Signing in and out, and the home page of each role."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.access import Actor, Anyone, P, Role
from app.cohorts import service as cohorts
from app.config import Settings
from app.db import Session, SessionDep
from app.errors import Unauthenticated
from app.network import service as network
from app.people import service_sign_in as service
from app.people.models import SignInKind
from app.people.schemas import SignInCommand
from app.web import local_path, render, see_other

router = APIRouter(include_in_schema=False)


@router.get("/connexion")
def sign_in_page(reader: Anyone, request: Request, suite: str = "/") -> Response:
    """The form; whoever is already signed in goes on."""
    if reader is not None:
        return see_other(local_path(suite))
    return _form(request, suite)


@router.post("/connexion")
def sign_in(
    _: Anyone, session: SessionDep, request: Request, command: Annotated[SignInCommand, Form()], suite: str = "/"
) -> Response:
    """Sign in with a cookie, then go where one was going."""
    settings: Settings = request.app.state.settings
    hours, agent = settings.session_hours, request.headers.get("user-agent", "")
    try:
        secret, _expires_at = service.sign_in(session, command, kind=SignInKind.COOKIE, hours=hours, user_agent=agent)
    except Unauthenticated as refusal:
        return _form(request, suite, email=command.email, error=refusal.code, status=refusal.status)
    response = see_other(local_path(suite))
    response.set_cookie(
        service.cookie_name(settings),
        secret,
        max_age=hours * 3600,
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )
    return response


def _form(request: Request, suite: str, *, email: str = "", error: str = "", status: int = 200) -> Response:
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
    )


@router.post("/deconnexion")
def sign_out(reader: Anyone, session: SessionDep, request: Request) -> Response:
    """End the sign-in here and in the browser; doing it twice changes nothing."""
    if reader is not None:
        service.sign_out(session, reader)
    settings: Settings = request.app.state.settings
    response = see_other("/connexion")
    response.delete_cookie(service.cookie_name(settings), secure=settings.secure, httponly=True, samesite="lax")
    return response


@router.get("/")
def home(reader: Anyone, session: SessionDep, request: Request) -> Response:
    """What waits for the person, by the roles they hold."""
    if reader is None:
        return see_other("/connexion")
    return render(
        request,
        "people/home.html",
        paths=cohorts.enrolments_of(session, reader.person_id),
        cohorts=_followed(session, reader),
        issuing=_issuing(session, reader),
    )


def _followed(session: Session, reader: Actor) -> Iterable[object]:
    """Cohorts that the person looks after; a participant's own come as paths."""
    return cohorts.cohorts(session, reader.using(P.REPORT_COHORT)) if reader.can(P.REPORT_COHORT) else ()


def _issuing(session: Session, reader: Actor) -> list[tuple[int, str]]:
    """Colleges whose certificates the person issues."""
    ids = {held.college_id for held in reader.held if held.role is Role.REGISTRAR}
    return [(c.id, c.name) for c in network.colleges(session) if c.id in ids]
