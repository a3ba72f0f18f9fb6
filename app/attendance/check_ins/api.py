"""JSON endpoints of self check-in."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request

from app.attendance.calendar.schemas import SessionRef
from app.attendance.calendar.service import see_session
from app.attendance.check_ins import service
from app.attendance.check_ins.schemas import CheckInCommand, CheckInState, OpenCheckIn, OwnCheckIn, OwnCheckInRef
from app.attendance.check_ins.service import see_own_check_in
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)

CREATED = HTTPStatus.CREATED
MayCall = Annotated[Actor, may(P.ROLLCALL_RECORD)]
CalledSession = Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)]
OwnSession = Annotated[OwnCheckInRef, seen(see_own_check_in, P.ACTIVITY_DO)]


@router.get("/sessions/{session_id}/check-in")
def read_check_in(session: CalledSession, db: SessionDep, keyring: KeyringDep, settings: SettingsDep) -> CheckInState:
    """Return a session's check-in: while it is open the code to show, for a minute; who checked in."""
    return service.check_in_state(db, keyring, session, site=settings.base_url)


@router.post("/sessions/{session_id}/check-in", status_code=CREATED)
def open_check_in(
    actor: MayCall,
    session: CalledSession,
    db: SessionDep,
    *,
    keyring: KeyringDep,
    settings: SettingsDep,
    command: OpenCheckIn,
) -> CheckInState:
    """Open a session's check-in, from half an hour before its start until its planned end."""
    service.open_check_in(db, keyring, actor, session, command)
    return service.check_in_state(db, keyring, session, site=settings.base_url)


@router.post("/sessions/{session_id}/check-in/closing", status_code=CREATED)
def close_check_in(
    actor: MayCall, session: CalledSession, db: SessionDep, *, keyring: KeyringDep, settings: SettingsDep
) -> CheckInState:
    """Close a session's check-in; who checked in stays."""
    service.close_check_in(db, actor, session)
    return service.check_in_state(db, keyring, session, site=settings.base_url)


@router.get("/sessions/{session_id}/own-check-in")
def read_own_check_in(own: OwnSession, db: SessionDep) -> OwnCheckIn:
    """Return one's own check-in to a session whose roll one is on, and whether one can check in now."""
    return service.own_check_in(db, own)


@router.post("/sessions/{session_id}/own-check-in", status_code=CREATED, dependencies=[slowed(RateLimitScope.CHECK_IN)])
def check_in(
    request: Request, own: OwnSession, db: SessionDep, *, keyring: KeyringDep, command: CheckInCommand
) -> OwnCheckIn:
    """Check in with the code that the room or the call shows; whoever calls the roll confirms the presence."""
    return service.check_in(db, keyring, own, command, origin=origin_of(request))
