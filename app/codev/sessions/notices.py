"""What the people of a codevelopment group are told of their sessions: one is planned, moved, cancelled, or put back.

None of it names the group, nor says a word of what its people confide (BR-11).
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.attendance.calendar.rules import is_to_remind
from app.codev.groups.models import CodevGroup
from app.codev.sessions.entries import entry_of
from app.codev.sessions.models import CodevSession
from app.codev.sessions.schemas import CodevSessionRef
from app.cohorts.models import Cohort
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import holders
from app.network.venues.models import Venue
from app.network.venues.rules import place_line
from app.network.venues.schemas import VenueShown
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.permissions import Role


def tell_planned(db: Session, actor: Actor, session: CodevSession, venue: VenueShown | None) -> None:
    """Tell the people of a group that a session is added, once their cohort has begun."""
    tell_group(db, actor, session, Kind.CODEV_PLANNED, place=place_line(venue), mode=session.mode.value)


def remind(db: Session) -> None:
    """Remind the people of a group of each session of tomorrow, once; of one that has moved, anew."""
    at = now()
    coming = (
        sa.select(CodevSession, Venue)
        .outerjoin(Venue, col(Venue.id) == CodevSession.venue_id)
        .where(
            col(CodevSession.cancelled_at).is_(None),
            col(CodevSession.starts_at) > at,
            col(CodevSession.starts_at) < at + timedelta(days=2),
        )
        .order_by(col(CodevSession.id))
    )
    for session, venue in db.execute(coming).all():
        if is_to_remind(session.starts_at, session.timezone, at):
            people = _people_of(db, session.group_id)
            key = f"codev:{session.id}:{session.starts_at.isoformat()}"
            where = {"place": place_line(venue), "mode": session.mode.value}
            notify(db, _event(db, session, Kind.SESSION_TOMORROW, key, people, **where))


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
    people = [person for person in _people_of(db, session.group_id) if person != actor.person_id]
    notify(db, _event(db, session, kind, f"codev:{session.id}:{session.sequence}", people, **params))


def tell_of_session(
    db: Session, session: CodevSession | CodevSessionRef, kind: Kind, key: str, people: Collection[int]
) -> None:
    """Tell people of something in a session: its cohort and its time, and nobody's name."""
    about = {
        "cohort": db.get_one(Cohort, db.get_one(CodevGroup, session.group_id).cohort_id).title,
        "starts_at": session.starts_at,
        "timezone": session.timezone,
    }
    notify(db, Event(kind, key, people, f"/codev/seances/{session.id}", about, session.college_id))


def facilitators_of(db: Session, session: CodevSession | CodevSessionRef) -> list[int]:
    """Return who facilitates the group of a session."""
    led = holders(db, Role.FACILITATOR, college_id=session.college_id, group_id=session.group_id)
    return [person_id for person_id, _ in led]


def _people_of(db: Session, group_id: int) -> list[int]:
    """Return the ids of the members of a group and of its facilitator."""
    inside = sa.select(col(RoleGrantRow.person_id)).where(
        col(RoleGrantRow.group_id) == group_id, col(RoleGrantRow.ended_at).is_(None)
    )
    return sorted(set(db.execute(inside).scalars()))


def _event(db: Session, session: CodevSession, kind: Kind, key: str, people: list[int], **params: object) -> Event:
    entry = entry_of(db, session)
    about: dict[str, object] = {
        "cohort": entry.cohort,
        "activity": entry.title,
        "starts_at": session.starts_at,
        "timezone": session.timezone,
        **params,
    }
    return Event(kind, key, people, entry.page, about, session.college_id, (entry,))
