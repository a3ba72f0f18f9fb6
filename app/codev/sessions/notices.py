"""What the people of a codevelopment group are told of their sessions: one is cancelled, or put back."""

import sqlalchemy as sa
from sqlmodel import col

from app.codev.groups.models import CodevGroup
from app.codev.sessions.models import CodevSession
from app.cohorts.models import Cohort
from app.curricula.library import curriculum_of
from app.identity.roles.models import RoleGrantRow
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor


def tell_group(db: Session, actor: Actor, session: CodevSession, kind: Kind) -> None:
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
    }
    inside = sa.select(col(RoleGrantRow.person_id)).where(
        col(RoleGrantRow.group_id) == session.group_id,
        col(RoleGrantRow.ended_at).is_(None),
        col(RoleGrantRow.person_id) != actor.person_id,
    )
    key, page = f"codev:{session.id}:{session.sequence}", f"/codev/seances/{session.id}"
    notify(db, Event(kind, key, list(db.execute(inside).scalars()), page, about, session.college_id))
