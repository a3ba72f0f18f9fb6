"""JSON endpoints of a cohort's calendar."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.attendance.calendar import changes, links, restorations, service
from app.attendance.calendar.schemas import (
    AskedChange,
    AskedReturn,
    AskedSession,
    CancelCommand,
    Restoration,
    SessionPage,
    SessionRef,
    SessionRow,
    SessionShown,
)
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)

CREATED = HTTPStatus.CREATED


@router.get("/cohorts/{cohort_id}/sessions")
def sessions(
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.SESSION_READ)],
    after: After = None,
    limit: Limit = PAGE,
) -> SessionPage:
    """List the cohort's sessions in order of time, cancelled ones included."""
    return service.sessions(db, cohort, after=after, limit=limit)


@router.post("/cohorts/{cohort_id}/sessions", status_code=CREATED)
def schedule(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.SESSION_MANAGE)],
    command: AskedSession,
) -> SessionRow:
    """Schedule a session for a group activity of the cohort's path."""
    return service.schedule(db, actor, cohort, command)


@router.get("/sessions/{session_id}")
def read_session(
    actor: Annotated[Actor, may(P.SESSION_READ)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_READ)],
) -> SessionShown:
    """Return a session; its meeting link is for who takes part, from a day before its start."""
    return links.show_session(db, actor, session)


@router.post("/sessions/{session_id}/changes", status_code=CREATED)
def change(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_MANAGE)],
    command: AskedChange,
) -> SessionRow:
    """Move or change a session whose roll was not called; what it was stays in its `changes`."""
    return changes.change(db, actor, see_cohort(db, actor, session.cohort_id), session, command)


@router.post("/sessions/{session_id}/cancellation", status_code=CREATED)
def cancel(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_MANAGE)],
    command: CancelCommand,
) -> SessionRow:
    """Cancel a session, which then leaves the attendance base (BR-08)."""
    return service.cancel(db, actor, session, command)


@router.post("/sessions/{session_id}/restoration", status_code=CREATED)
def restore(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_MANAGE)],
    command: AskedReturn,
) -> SessionRow:
    """Put a cancelled session back in the calendar: what its roll recorded counts again (BR-08)."""
    return restorations.restore(db, actor, session, command)


@router.get("/sessions/{session_id}/restorations")
def read_restorations(
    db: SessionDep, session: Annotated[SessionRef, seen(service.see_session, P.SESSION_MANAGE)]
) -> list[Restoration]:
    """List the cancellations of a session that were taken back, oldest first."""
    return restorations.restorations(db, session)
