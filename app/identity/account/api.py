"""JSON routes for accounts: changing one's password, suspending another's. An invitation opens one."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from app.identity.account import service, suspension
from app.identity.account.present_password import PasswordChange, changed
from app.identity.account.schemas import AccountRef, AccountsPage, AccountsQuery, ChangePassword
from app.identity.account.suspension import see_account
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)
MaySuspendAccounts = Annotated[Actor, may(P.ACCOUNT_SUSPEND)]
SuspendableAccount = Annotated[AccountRef, seen(see_account, P.ACCOUNT_SUSPEND)]


@router.put("/me/password", status_code=status.HTTP_204_NO_CONTENT, summary="Change one's password")
def change_password(
    change: Annotated[PasswordChange, changed(ChangePassword)],
    actor: Annotated[Actor, may(P.ME_MANAGE)],
    db: SessionDep,
    keyring: KeyringDep,
    command: ChangePassword,
) -> Response:
    """Change the password, given the present one; every other sign-in ends."""
    service.change_password(db, keyring, actor, command, change)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/accounts", summary="Accounts")
def accounts(actor: MaySuspendAccounts, db: SessionDep, query: Annotated[AccountsQuery, Query()]) -> AccountsPage:
    """Return everyone who has an account, by name."""
    return suspension.accounts(db, actor, query)


@router.put("/accounts/{person_id}/suspension", status_code=status.HTTP_204_NO_CONTENT, summary="Suspend an account")
def suspend(actor: MaySuspendAccounts, account: SuspendableAccount, db: SessionDep) -> Response:
    """Suspend an account: its next request is refused, with a sign-in or an API token; nobody suspends their own."""
    suspension.suspend(db, actor, account)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete("/accounts/{person_id}/suspension", status_code=status.HTTP_204_NO_CONTENT, summary="Lift a suspension")
def lift_suspension(account: SuspendableAccount, db: SessionDep) -> Response:
    """Let the person sign in again; the sign-ins and tokens that the suspension ended stay ended."""
    suspension.lift_suspension(db, account)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
