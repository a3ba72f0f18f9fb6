"""Signing in for programs, who one is, and the people of a college."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from app.access import Actor, Anyone, P, may
from app.db import SessionDep
from app.people import service, service_accounts, service_sign_in
from app.people.models import SignInKind
from app.people.schemas import CollegeAccount, Me, PeoplePage, PeopleQuery, PersonAdded, SignedIn, SignInCommand

router = APIRouter(tags=["people"])


@router.post("/sign-ins", status_code=status.HTTP_201_CREATED, summary="Sign in")
def sign_in(_: Anyone, session: SessionDep, request: Request, command: SignInCommand) -> SignedIn:
    """A bearer token for a program, shown once; the same refusal whatever was wrong."""
    token, expires_at = service_sign_in.sign_in(
        session,
        command,
        kind=SignInKind.BEARER,
        hours=request.app.state.settings.session_hours,
        user_agent=request.headers.get("user-agent", ""),
    )
    return SignedIn(token=token, expires_at=expires_at)


@router.delete("/sign-ins/current", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out")
def sign_out(actor: Annotated[Actor, may(P.ME_READ)], session: SessionDep) -> Response:
    """The token that asks is refused from now on."""
    service_sign_in.sign_out(session, actor)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/me", summary="Who is signed in")
def me(actor: Annotated[Actor, may(P.ME_READ)], session: SessionDep) -> Me:
    """The person, with the roles they hold and where."""
    return service.me(session, actor)


@router.get("/colleges/{college_id}/people", summary="People of a college")
def people(
    actor: Annotated[Actor, may(P.PEOPLE_READ)],
    session: SessionDep,
    college_id: int,
    query: Annotated[PeopleQuery, Query()],
) -> PeoplePage:
    """Whoever has a role or an enrolment in the college, by name."""
    return service.people_of(session, actor, college_id, query)


@router.post("/colleges/{college_id}/people", status_code=status.HTTP_201_CREATED, summary="Open an account")
def open_account(
    actor: Annotated[Actor, may(P.PEOPLE_MANAGE)], session: SessionDep, college_id: int, command: CollegeAccount
) -> PersonAdded:
    """Someone new, with a role in the college or none yet; nobody gives a role above their own."""
    return service_accounts.open_account(session, actor, college_id, command)
