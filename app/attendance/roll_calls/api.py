"""Cohorts over JSON: cohorts, applications, enrolments, the calendar, roll calls and catch-ups."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.attendance.calendar import service as calendar
from app.attendance.roll_calls import service
from app.attendance.roll_calls.schemas import RollCallCommand, Sheet
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["cohorts"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED


@router.get("/sessions/{session_id}/roll-call")
def sheet(actor: Annotated[Actor, may(P.ROLLCALL_RECORD)], db: SessionDep, session_id: int) -> Sheet:
    """Everyone on the roll and, when it was called, how each was there."""
    return service.sheet(db, calendar.see_session(db, actor, session_id))


@router.post("/sessions/{session_id}/roll-call", status_code=CREATED)
def close_roll_call(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)], db: SessionDep, session_id: int, command: RollCallCommand
) -> Sheet:
    """Close a roll call, or correct a closed one by naming the one it supersedes (409 ``stale`` otherwise)."""
    return service.close_roll_call(db, actor, calendar.see_session(db, actor, session_id), command)
