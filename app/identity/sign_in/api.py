"""JSON routes for sign-ins: opening one for a program, ending it, and the devices one is signed in on."""

from typing import Annotated

from fastapi import APIRouter, Request, Response, status

from app.identity.sign_in import devices as device_service
from app.identity.sign_in import service
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.proofs import CheckOfJson
from app.identity.sign_in.schemas import Devices, SignedIn, SignInCommand
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may
from app.platform.security.permissions import P
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]


@router.post(
    "/sign-ins", status_code=status.HTTP_201_CREATED, summary="Sign in", dependencies=[slowed(RateLimitScope.SIGN_IN)]
)
def sign_in(
    check: CheckOfJson,
    _: OptionalActor,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    command: SignInCommand,
) -> SignedIn:
    """Return a bearer token, shown once; the refusal is the same whatever was wrong."""
    token, expires_at = service.sign_in(
        db,
        keyring,
        command,
        check,
        kind=SignInKind.BEARER,
        hours=settings.session_hours,
        user_agent=request.headers.get("user-agent", ""),
        origin=origin_of(request),
    )
    return SignedIn(token=token, expires_at=expires_at)


@router.delete("/sign-ins/current", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out")
def sign_out(actor: Annotated[Actor, may(P.SIGN_IN_FINISH)], db: SessionDep) -> Response:
    """End this sign-in: its token is refused from now on."""
    service.sign_out(db, actor)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/me/sign-ins", summary="Devices one is signed in on")
def devices(actor: MayManageSelf, db: SessionDep, settings: SettingsDep) -> Devices:
    """Return the sign-ins that are still valid, the last used first."""
    return device_service.devices(db, actor, settings)


@router.delete("/me/sign-ins", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out on every other device")
def end_other_devices(actor: MayManageSelf, db: SessionDep) -> Response:
    """End every sign-in of the person but this one."""
    device_service.end_other_devices(db, actor)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete("/me/sign-ins/{sign_in_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out on a device")
def end_device(actor: MayManageSelf, db: SessionDep, sign_in_id: int) -> Response:
    """End one of the person's sign-ins."""
    device_service.end_device(db, actor, sign_in_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
