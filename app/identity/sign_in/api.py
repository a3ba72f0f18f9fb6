"""Signing in for programs, who one is, and the people of a college."""

from typing import Annotated

from fastapi import APIRouter, Request, Response, status

from app.identity.sign_in import devices as devices_module
from app.identity.sign_in import service
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.schemas import Devices, SignedIn, SignInCommand
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may
from app.platform.security.permissions import P
from app.platform.security.rate_limit import origin_of
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["people"], route_class=OnceRoute)


@router.post("/sign-ins", status_code=status.HTTP_201_CREATED, summary="Sign in")
def sign_in(_: OptionalActor, db: SessionDep, request: Request, command: SignInCommand) -> SignedIn:
    """A bearer token for a program, shown once; the same refusal whatever was wrong."""
    token, expires_at = service.sign_in(
        db,
        request.app.state.keyring,
        command,
        kind=SignInKind.BEARER,
        hours=request.app.state.settings.session_hours,
        user_agent=request.headers.get("user-agent", ""),
        origin=origin_of(request),
    )
    return SignedIn(token=token, expires_at=expires_at)


@router.delete("/sign-ins/current", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out")
def sign_out(actor: Annotated[Actor, may(P.SIGN_IN_FINISH)], db: SessionDep) -> Response:
    """The token that asks is refused from now on."""
    service.sign_out(db, actor)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


Mine = Annotated[Actor, may(P.ME_MANAGE)]


# Devices and the password -----------------------------------------------------------------------


@router.get("/me/sign-ins", summary="Where one is signed in")
def devices(actor: Mine, db: SessionDep, request: Request) -> Devices:
    """The sign-ins that are still good, the last used first."""
    return devices_module.devices(db, actor, request.app.state.settings)


@router.delete("/me/sign-ins", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out everywhere else")
def end_other_devices(actor: Mine, db: SessionDep) -> Response:
    """All sign-ins but the one that asks are refused from now on."""
    devices_module.end_other_devices(db, actor)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete("/me/sign-ins/{sign_in_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out of a device")
def end_device(actor: Mine, db: SessionDep, sign_in_id: int) -> Response:
    """That sign-in is refused from now on."""
    devices_module.end_device(db, actor, sign_in_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
