"""A codevelopment session as calendars take it."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.attendance.calendar.entries import describe
from app.codev.groups.models import CodevGroup
from app.codev.sessions.models import CodevSession, CodevSessionChange, CodevSessionRestoration
from app.cohorts.models import Cohort
from app.network.venues.models import Venue
from app.network.venues.rules import place_line
from app.notifications.enums import SessionKind
from app.notifications.schemas import SessionEntry
from app.platform.database.session import Session


def last_changed() -> sa.ColumnElement[Any]:
    """Return when a session of a statement was last planned, moved or changed, cancelled or put back."""
    session_id = col(CodevSession.id)
    moved = sa.select(sa.func.max(CodevSessionChange.changed_at)).where(
        col(CodevSessionChange.session_id) == session_id
    )
    restored = sa.select(sa.func.max(CodevSessionRestoration.restored_at)).where(
        col(CodevSessionRestoration.session_id) == session_id
    )
    return sa.func.greatest(
        col(CodevSession.created_at),
        col(CodevSession.cancelled_at),
        moved.scalar_subquery(),
        restored.scalar_subquery(),
    )


def entry_of(db: Session, session: CodevSession) -> SessionEntry:
    """Return a session as the calendars of its group take it; the group has no name there."""
    venue = db.get_one(Venue, session.venue_id) if session.venue_id is not None else None
    return describe(
        session,
        SessionKind.CODEV,
        db.get_one(Cohort, db.get_one(CodevGroup, session.group_id).cohort_id),
        place_line(venue),
        changed_at=db.execute(sa.select(last_changed()).where(col(CodevSession.id) == session.id)).scalar_one(),
        page=f"/codev/seances/{session.id}",
    )
