"""What the people of a codevelopment group are told of their sessions: one is moved, cancelled, or put back."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.codev.sessions.entries import entry_of
from app.codev.sessions.models import CodevSession
from app.identity.roles.models import RoleGrantRow
from app.network.venues.rules import place_line
from app.network.venues.schemas import VenueShown
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor


def tell_moved(
    db: Session, actor: Actor, session: CodevSession, venue: VenueShown | None, before: Mapping[str, Any]
) -> None:
    """Tell the same people that a session is moved or changed: when it was to be, and all that it is now."""
    tell_group(
        db,
        actor,
        session,
        Kind.CODEV_MOVED,
        was_at=before["starts_at"],
        was_timezone=before["timezone"],
        planned_minutes=session.planned_minutes,
        place=place_line(venue),
        mode=session.mode.value,
    )


def tell_group(db: Session, actor: Actor, session: CodevSession, kind: Kind, **params: object) -> None:
    """Tell the members of the group and its facilitator, but not of a past session, nor whoever did it."""
    if session.starts_at <= now():
        return
    entry = entry_of(db, session)
    about: dict[str, object] = {
        "cohort": entry.cohort,
        "activity": entry.title,
        "starts_at": session.starts_at,
        "timezone": session.timezone,
        **params,
    }
    inside = sa.select(col(RoleGrantRow.person_id)).where(
        col(RoleGrantRow.group_id) == session.group_id,
        col(RoleGrantRow.ended_at).is_(None),
        col(RoleGrantRow.person_id) != actor.person_id,
    )
    key = f"codev:{session.id}:{session.sequence}"
    notify(db, Event(kind, key, list(db.execute(inside).scalars()), entry.page, about, session.college_id, entry))
