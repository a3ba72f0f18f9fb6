"""What the people of a codevelopment group are told of their sessions: one is moved, cancelled, or put back."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.codev.groups.models import CodevGroup
from app.codev.sessions.models import CodevSession
from app.cohorts.models import Cohort
from app.curricula.library import curriculum_of
from app.identity.roles.models import RoleGrantRow
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
    named = (venue.name, venue.address, venue.city) if venue is not None else ()
    tell_group(
        db,
        actor,
        session,
        Kind.CODEV_MOVED,
        was_at=before["starts_at"],
        was_timezone=before["timezone"],
        planned_minutes=session.planned_minutes,
        place=", ".join(named),
        mode=session.mode.value,
    )


def tell_group(db: Session, actor: Actor, session: CodevSession, kind: Kind, **params: object) -> None:
    """Tell the members of the group and its facilitator, but not of a past session, nor whoever did it."""
    if session.starts_at <= now():
        return
    group = db.get_one(CodevGroup, session.group_id)
    cohort = db.get_one(Cohort, group.cohort_id)
    about: dict[str, object] = {
        "cohort": cohort.title,
        "activity": curriculum_of(cohort).activity(session.activity_code).title.text,
        "starts_at": session.starts_at,
        "timezone": session.timezone,
        **params,
    }
    inside = sa.select(col(RoleGrantRow.person_id)).where(
        col(RoleGrantRow.group_id) == session.group_id,
        col(RoleGrantRow.ended_at).is_(None),
        col(RoleGrantRow.person_id) != actor.person_id,
    )
    key, page = f"codev:{session.id}:{session.sequence}", f"/codev/seances/{session.id}"
    notify(db, Event(kind, key, list(db.execute(inside).scalars()), page, about, session.college_id))
