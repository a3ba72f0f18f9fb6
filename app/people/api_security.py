"""One's own account for programs: devices, password, second factor, API tokens; and the suspension of accounts."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from app.access import Actor, P, may
from app.db import SessionDep
from app.idempotency import OnceRoute
from app.people import service_second_factor, service_security, service_suspension, service_tokens
from app.people.schemas import SignedIn
from app.people.schemas_security import (
    AccountsPage,
    AccountsQuery,
    ChangePassword,
    Devices,
    Enrol,
    Enrolled,
    NewToken,
    PasswordProof,
    Proposal,
    RecoveryCodes,
    SecondFactorCode,
    SecondFactorState,
    TokenMade,
    Tokens,
)

router = APIRouter(tags=["people"], route_class=OnceRoute)
Mine = Annotated[Actor, may(P.ME_MANAGE)]
Finishing = Annotated[Actor, may(P.SIGN_IN_FINISH)]
Suspending = Annotated[Actor, may(P.ACCOUNT_SUSPEND)]


# Devices and the password -----------------------------------------------------------------------


@router.get("/me/sign-ins", summary="Where one is signed in")
def devices(actor: Mine, session: SessionDep, request: Request) -> Devices:
    """The sign-ins that are still good, the last used first."""
    return service_security.devices(session, actor, request.app.state.settings)


@router.delete("/me/sign-ins", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out everywhere else")
def end_other_devices(actor: Mine, session: SessionDep) -> Response:
    """All sign-ins but the one that asks are refused from now on."""
    service_security.end_other_devices(session, actor)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete("/me/sign-ins/{sign_in_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out of a device")
def end_device(actor: Mine, session: SessionDep, sign_in_id: int) -> Response:
    """That sign-in is refused from now on."""
    service_security.end_device(session, actor, sign_in_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.put("/me/password", status_code=status.HTTP_204_NO_CONTENT, summary="Change one's password")
def change_password(actor: Mine, session: SessionDep, request: Request, command: ChangePassword) -> Response:
    """After the password of now; every other sign-in ends."""
    service_security.change_password(session, request.app.state.keyring, actor, command)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


# The second factor ------------------------------------------------------------------------------


@router.post("/sign-ins/current/second-factor", status_code=status.HTTP_201_CREATED, summary="Prove the second factor")
def finish(actor: Finishing, session: SessionDep, request: Request, command: SecondFactorCode) -> SignedIn:
    """By a code of the application or a recovery code; the answer's token replaces the one that asks."""
    hours = request.app.state.settings.session_hours
    return service_second_factor.finish(session, request.app.state.keyring, actor, command, hours=hours)


@router.get("/me/second-factor", summary="One's second factor")
def second_factor(actor: Mine, session: SessionDep, request: Request) -> SecondFactorState:
    """Whether there is one, and how many recovery codes are left."""
    return service_second_factor.state(session, actor, request.app.state.settings)


@router.post("/me/second-factor/proposals", status_code=status.HTTP_201_CREATED, summary="Propose a second factor")
def propose(actor: Finishing, session: SessionDep, request: Request) -> Proposal:
    """A secret to add to an application; send its first code back within half an hour."""
    return service_second_factor.propose(session, request.app.state.keyring, actor)


@router.put("/me/second-factor", summary="Take a second factor, or another")
def enrol(actor: Finishing, session: SessionDep, request: Request, command: Enrol) -> Enrolled:
    """Proven by its first code; the answer's token replaces the one that asks, the recovery codes are shown once."""
    hours = request.app.state.settings.session_hours
    return service_second_factor.enrol(session, request.app.state.keyring, actor, command, hours=hours)


@router.post(
    "/me/second-factor/recovery-codes", status_code=status.HTTP_201_CREATED, summary="Renew one's recovery codes"
)
def renew_codes(actor: Mine, session: SessionDep, request: Request, command: PasswordProof) -> RecoveryCodes:
    """Ten new ones, shown once; those of before serve no more."""
    return service_second_factor.renew_codes(session, request.app.state.keyring, actor, command)


@router.post("/me/second-factor/removal", status_code=status.HTTP_204_NO_CONTENT, summary="Remove one's second factor")
def remove(actor: Mine, session: SessionDep, request: Request, command: PasswordProof) -> Response:
    """Back to a password alone; refused to whom a role asks for more."""
    state = request.app.state
    service_second_factor.remove(session, state.keyring, actor, command, state.settings)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


# API tokens -------------------------------------------------------------------------------------


@router.get("/me/api-tokens", summary="One's API tokens")
def tokens(actor: Mine, session: SessionDep) -> Tokens:
    """Those that still open something, without their secrets."""
    return service_tokens.tokens(session, actor)


@router.post("/me/api-tokens", status_code=status.HTTP_201_CREATED, summary="Make an API token")
def make_token(actor: Mine, session: SessionDep, command: NewToken) -> TokenMade:
    """Named, limited to some of what one may do, ending; its secret is shown once."""
    return service_tokens.make(session, actor, command)


@router.delete("/me/api-tokens/{token_id}", status_code=status.HTTP_204_NO_CONTENT, summary="End an API token")
def end_token(actor: Mine, session: SessionDep, token_id: int) -> Response:
    """It is refused from now on."""
    service_tokens.end(session, actor, token_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


# Accounts ---------------------------------------------------------------------------------------


@router.get("/accounts", summary="Accounts")
def accounts(actor: Suspending, session: SessionDep, query: Annotated[AccountsQuery, Query()]) -> AccountsPage:
    """Whoever may sign in, by name."""
    return service_suspension.accounts(session, actor, query)


@router.put("/accounts/{person_id}/suspension", status_code=status.HTTP_204_NO_CONTENT, summary="Suspend an account")
def suspend(actor: Suspending, session: SessionDep, person_id: int) -> Response:
    """Its next request is refused, with a sign-in as with an API token; nobody suspends themselves."""
    service_suspension.suspend(session, actor, service_suspension.see_account(session, actor, person_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete("/accounts/{person_id}/suspension", status_code=status.HTTP_204_NO_CONTENT, summary="Lift a suspension")
def restore(actor: Suspending, session: SessionDep, person_id: int) -> Response:
    """The person may sign in again; what the suspension ended stays ended."""
    service_suspension.restore(session, service_suspension.see_account(session, actor, person_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)
