"""Signing in for programs, who one is, and the people of a college."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from app.identity.account import service, suspension
from app.identity.account.schemas import AccountsPage, AccountsQuery, ChangePassword, CollegeAccount, PersonAdded
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["people"], route_class=OnceRoute)


@router.post("/colleges/{college_id}/people", status_code=status.HTTP_201_CREATED, summary="Open an account")
def open_account(
    actor: Annotated[Actor, may(P.PEOPLE_MANAGE)], db: SessionDep, college_id: int, command: CollegeAccount
) -> PersonAdded:
    """Someone new, with a role in the college or none yet; nobody gives a role above their own."""
    return service.open_account(db, actor, college_id, command)


Mine = Annotated[Actor, may(P.ME_MANAGE)]
Suspending = Annotated[Actor, may(P.ACCOUNT_SUSPEND)]


@router.put("/me/password", status_code=status.HTTP_204_NO_CONTENT, summary="Change one's password")
def change_password(actor: Mine, db: SessionDep, request: Request, command: ChangePassword) -> Response:
    """After the password of now; every other sign-in ends."""
    service.change_password(db, request.app.state.keyring, actor, command)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


# Accounts ---------------------------------------------------------------------------------------


@router.get("/accounts", summary="Accounts")
def accounts(actor: Suspending, db: SessionDep, query: Annotated[AccountsQuery, Query()]) -> AccountsPage:
    """Whoever may sign in, by name."""
    return suspension.accounts(db, actor, query)


@router.put("/accounts/{person_id}/suspension", status_code=status.HTTP_204_NO_CONTENT, summary="Suspend an account")
def suspend(actor: Suspending, db: SessionDep, person_id: int) -> Response:
    """Its next request is refused, with a sign-in as with an API token; nobody suspends themselves."""
    suspension.suspend(db, actor, suspension.see_account(db, actor, person_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete("/accounts/{person_id}/suspension", status_code=status.HTTP_204_NO_CONTENT, summary="Lift a suspension")
def restore(actor: Suspending, db: SessionDep, person_id: int) -> Response:
    """The person may sign in again; what the suspension ended stays ended."""
    suspension.restore(db, suspension.see_account(db, actor, person_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)
