"""Cohorts over JSON: cohorts, applications, enrolments, the calendar, roll calls and catch-ups."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import CancelCommand, NewSession, SessionRow
from app.cohorts import service as cohorts
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["cohorts"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED


# Calendar and roll calls ------------------------------------------------------------------------


@router.get("/cohorts/{cohort_id}/sessions")
def sessions(actor: Annotated[Actor, may(P.SESSION_READ)], db: SessionDep, cohort_id: int) -> list[SessionRow]:
    """The cohort's sessions in order of time, cancelled ones included."""
    return calendar.calendar(db, cohorts.see_cohort(db, actor, cohort_id))


@router.post("/cohorts/{cohort_id}/sessions", status_code=CREATED)
def schedule(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)], db: SessionDep, cohort_id: int, command: NewSession
) -> SessionRow:
    """Schedule a session for a group activity of the cohort's path."""
    return calendar.schedule(db, actor, cohorts.see_cohort(db, actor, cohort_id), command)


@router.post("/sessions/{session_id}/cancellation", status_code=CREATED)
def cancel(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)], db: SessionDep, session_id: int, command: CancelCommand
) -> SessionRow:
    """Cancel a session: it leaves the attendance base (BR-08)."""
    return calendar.cancel(db, actor, calendar.see_session(db, actor, session_id), command)
