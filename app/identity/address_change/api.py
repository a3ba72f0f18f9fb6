"""JSON routes for the address of one's own account, and its change."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from app.identity.account.present_password import compared
from app.identity.address_change import service
from app.identity.address_change.schemas import AccountAddress, ChangeAddress
from app.identity.sign_in.proofs import PasswordCheck
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]


@router.get("/me/address", summary="One's address")
def read_address(actor: MayManageSelf, db: SessionDep) -> AccountAddress:
    """Return the address of one's account, and the one that waits for its link."""
    return service.read_address(db, actor)


@router.post("/me/address", status_code=status.HTTP_201_CREATED, summary="Change one's address")
def ask_change(
    check: Annotated[PasswordCheck, compared(ChangeAddress)],
    actor: MayManageSelf,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    command: ChangeAddress,
) -> AccountAddress:
    """Send a link to the new address, given the present password; the address changes once the link is confirmed."""
    service.ask_change(db, keyring, actor, command, check, site=settings.base_url)
    return service.read_address(db, actor)


@router.post("/me/address/{token}", status_code=status.HTTP_204_NO_CONTENT, summary="Confirm one's new address")
def confirm_change(actor: MayManageSelf, db: SessionDep, token: str) -> Response:
    """Make the address of a link the account's: the last part of the link is the token; every other sign-in ends."""
    service.confirm_change(db, actor, token)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
