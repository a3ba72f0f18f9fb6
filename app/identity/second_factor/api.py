"""One's own account for programs: devices, password, second factor, API tokens; and the suspension of accounts."""

from typing import Annotated

from fastapi import APIRouter, Request, Response, status

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
from app.identity.sign_in.schemas import SignedIn
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["people"], route_class=OnceRoute)
Mine = Annotated[Actor, may(P.ME_MANAGE)]
Finishing = Annotated[Actor, may(P.SIGN_IN_FINISH)]


# The second factor ------------------------------------------------------------------------------


@router.post("/sign-ins/current/second-factor", status_code=status.HTTP_201_CREATED, summary="Prove the second factor")
def finish(actor: Finishing, db: SessionDep, request: Request, command: SecondFactorCode) -> SignedIn:
    """By a code of the application or a recovery code; the answer's token replaces the one that asks."""
    hours = request.app.state.settings.session_hours
    return service.finish(db, request.app.state.keyring, actor, command, hours=hours)


@router.get("/me/second-factor", summary="One's second factor")
def second_factor(actor: Mine, db: SessionDep, request: Request) -> SecondFactorState:
    """Whether there is one, and how many recovery codes are left."""
    return service.state(db, actor, request.app.state.settings)


@router.post("/me/second-factor/proposals", status_code=status.HTTP_201_CREATED, summary="Propose a second factor")
def propose(actor: Finishing, db: SessionDep, request: Request) -> Proposal:
    """A secret to add to an application; send its first code back within half an hour."""
    return service.propose(db, request.app.state.keyring, actor)


@router.put("/me/second-factor", summary="Take a second factor, or another")
def enrol(actor: Finishing, db: SessionDep, request: Request, command: Enrol) -> Enrolled:
    """Proven by its first code; the answer's token replaces the one that asks, the recovery codes are shown once."""
    hours = request.app.state.settings.session_hours
    return service.enrol(db, request.app.state.keyring, actor, command, hours=hours)


@router.post(
    "/me/second-factor/recovery-codes", status_code=status.HTTP_201_CREATED, summary="Renew one's recovery codes"
)
def renew_codes(actor: Mine, db: SessionDep, request: Request, command: PasswordProof) -> RecoveryCodes:
    """Ten new ones, shown once; those of before serve no more."""
    return service.renew_codes(db, request.app.state.keyring, actor, command)


@router.post("/me/second-factor/removal", status_code=status.HTTP_204_NO_CONTENT, summary="Remove one's second factor")
def remove(actor: Mine, db: SessionDep, request: Request, command: PasswordProof) -> Response:
    """Back to a password alone; refused to whom a role asks for more."""
    state = request.app.state
    service.remove(db, state.keyring, actor, command, state.settings)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
