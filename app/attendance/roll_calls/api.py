"""JSON endpoints of roll calls."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.attendance.calendar.schemas import SessionRef
from app.attendance.calendar.service import see_session
from app.attendance.roll_calls import history, service
from app.attendance.roll_calls.schemas import PastRollCallPage, PastRollCallsApiQuery, RollCallCommand, Sheet
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)

CREATED = HTTPStatus.CREATED


@router.get("/sessions/{session_id}/roll-call")
def sheet(db: SessionDep, session: Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)]) -> Sheet:
    """Return everyone on the roll and, once it was called, the presence of each."""
    return service.sheet(db, session)


@router.post("/sessions/{session_id}/roll-call", status_code=CREATED)
def close_roll_call(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)],
    command: RollCallCommand,
) -> Sheet:
    """Close a roll call, or correct a closed one by naming the one it supersedes (409 ``stale`` otherwise)."""
    return service.close_roll_call(db, actor, session, command)


@router.get("/sessions/{session_id}/roll-call/history")
def roll_call_history(
    db: SessionDep,
    session: Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)],
    query: Annotated[PastRollCallsApiQuery, Query()],
) -> PastRollCallPage:
    """Return the roll calls of a session, newest first: who closed each and when, why, and the lines it corrected."""
    return history.history(db, session, query)
