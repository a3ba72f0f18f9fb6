"""A session of a cohort as calendars take it."""

from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlmodel import col

from app.attendance.calendar.models import ScheduledSession, SessionChange, SessionRestoration
from app.attendance.calendar.rules import link_is_shown
from app.cohorts.models import Cohort
from app.curricula.enums import Mode
from app.curricula.library import curriculum_of
from app.network.venues.models import Venue
from app.network.venues.rules import place_line
from app.notifications.enums import SessionKind
from app.notifications.schemas import SessionEntry
from app.platform.clock import now
from app.platform.database.session import Session


def last_changed() -> sa.ColumnElement[Any]:
    """Return when a session of a statement was last planned, moved or changed, cancelled or put back."""
    session_id = col(ScheduledSession.id)
    moved = sa.select(sa.func.max(SessionChange.changed_at)).where(col(SessionChange.session_id) == session_id)
    restored = sa.select(sa.func.max(SessionRestoration.restored_at)).where(
        col(SessionRestoration.session_id) == session_id
    )
    return sa.func.greatest(
        col(ScheduledSession.created_at),
        col(ScheduledSession.cancelled_at),
        moved.scalar_subquery(),
        restored.scalar_subquery(),
    )


class PlannedSession(Protocol):
    """What the sessions of cohorts and of codevelopment groups have in common."""

    id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    timezone: str
    mode: Mode
    meeting_link: str | None
    cancelled_at: datetime | None
    sequence: int


def entry_of(db: Session, session: ScheduledSession) -> SessionEntry:
    """Return a session as the calendars of those who take part in it take it."""
    venue = db.get_one(Venue, session.venue_id) if session.venue_id is not None else None
    return describe(
        session,
        SessionKind.SESSION,
        db.get_one(Cohort, session.cohort_id),
        place_line(venue, session.place),
        changed_at=db.execute(sa.select(last_changed()).where(col(ScheduledSession.id) == session.id)).scalar_one(),
        page=f"/seances/{session.id}",
    )


def describe(
    session: PlannedSession, kind: SessionKind, cohort: Cohort, location: str, *, changed_at: datetime, page: str
) -> SessionEntry:
    """Return what a calendar holds of a session for those who take part in it: its meeting link while it is shown."""
    cancelled = session.cancelled_at is not None
    is_shown = link_is_shown(session.starts_at, session.planned_minutes, now(), cancelled=cancelled)
    return SessionEntry(
        kind=kind,
        id=session.id,
        title=curriculum_of(cohort).activity(session.activity_code).title.text,
        code=session.activity_code,
        cohort=cohort.title,
        starts_at=session.starts_at,
        planned_minutes=session.planned_minutes,
        timezone=session.timezone,
        mode=session.mode.value,
        location=location,
        sequence=session.sequence,
        changed_at=changed_at,
        is_cancelled=cancelled,
        page=page,
        link=session.meeting_link if is_shown else None,
    )
