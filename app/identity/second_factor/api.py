"""JSON routes for one's second factor and its recovery codes."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from app.identity.account.present_password import compared
from app.identity.account.schemas import PasswordProof
from app.identity.second_factor import service
from app.identity.second_factor.schemas import (
    Enrol,
    Enrolled,
    Proposal,
    RecoveryCodes,
    SecondFactorCode,
    SecondFactorState,
)
from app.identity.sign_in.proofs import PasswordCheck
from app.identity.sign_in.schemas import SignedIn
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]
MayFinishSignIn = Annotated[Actor, may(P.SIGN_IN_FINISH)]
CheckOfProof = Annotated[PasswordCheck, compared(PasswordProof)]


@router.post("/sign-ins/current/second-factor", status_code=status.HTTP_201_CREATED, summary="Verify the second factor")
def verify(
    actor: MayFinishSignIn, db: SessionDep, settings: SettingsDep, keyring: KeyringDep, command: SecondFactorCode
) -> SignedIn:
    """Verify a code of the application or a recovery code; the returned token replaces the one of this request."""
    return service.verify(db, keyring, actor, command, hours=settings.session_hours)


@router.get("/me/second-factor", summary="One's second factor")
def second_factor(actor: MayManageSelf, db: SessionDep, settings: SettingsDep) -> SecondFactorState:
    """Return whether there is a second factor, and how many recovery codes are left."""
    return service.second_factor_state(db, actor, settings)


@router.post("/me/second-factor/proposals", status_code=status.HTTP_201_CREATED, summary="Propose a second factor")
def propose(actor: MayFinishSignIn, db: SessionDep, keyring: KeyringDep) -> Proposal:
    """Return a secret to add to an application; its first code must be sent back within half an hour."""
    return service.propose(db, keyring, actor)


@router.put("/me/second-factor", summary="Set up or replace one's second factor")
def enrol(
    check: Annotated[PasswordCheck, compared(Enrol)],
    actor: MayFinishSignIn,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    command: Enrol,
) -> Enrolled:
    """Set up the proposed second factor, given its first code.

    The returned token replaces the one of this request; the recovery codes are shown once.
    """
    return service.enrol(db, keyring, actor, command, check, hours=settings.session_hours)


@router.post(
    "/me/second-factor/recovery-codes", status_code=status.HTTP_201_CREATED, summary="Renew one's recovery codes"
)
def renew_codes(check: CheckOfProof, actor: MayManageSelf, db: SessionDep, keyring: KeyringDep) -> RecoveryCodes:
    """Replace the recovery codes by ten new ones, shown once."""
    return service.renew_codes(db, keyring, actor, check)


@router.post("/me/second-factor/removal", status_code=status.HTTP_204_NO_CONTENT, summary="Remove one's second factor")
def remove(
    check: CheckOfProof,
    actor: MayManageSelf,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    command: PasswordProof,
) -> Response:
    """Remove the second factor; refused to a person whose role needs one."""
    service.remove(db, keyring, actor, check, command, settings=settings)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
