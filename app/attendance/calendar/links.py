"""The meeting link of a session: for the people who take part in it, from a day before its start."""

from sqlmodel import select

from app.attendance.calendar.changes import history
from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.rules import link_is_shown, link_shown_from
from app.attendance.calendar.schemas import SessionRef, SessionShown
from app.attendance.calendar.service import is_called, session_row
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.permissions import GRANTS, P, Role

IN_THE_ROOM = frozenset({Role.PARTICIPANT, Role.TRAINER})
"""The roles whose holders in a cohort take part in its sessions."""


def takes_part(actor: Actor, session: SessionRef | ScheduledSession) -> bool:
    """Return whether someone takes part in a session: its cohort's people and trainers, and who manages its calendar.

    Others of the college may read the calendar, a registrar for one; no link is for them.
    """
    in_cohort = any(g.role in IN_THE_ROOM and g.cohort_id == session.cohort_id for g in actor.grants)
    return in_cohort or manages(actor, session)


def manages(actor: Actor, session: SessionRef | ScheduledSession) -> bool:
    """Return whether someone manages the calendar that the session is in."""
    return any(P.SESSION_MANAGE in GRANTS[g.role] and g.college_id == session.college_id for g in actor.grants)


def show_session(db: Session, actor: Actor, session: SessionRef) -> SessionShown:
    """Return a session with its meeting link when the actor takes part and it is time, else without."""
    cancelled = session.cancelled_at is not None
    concerned = session.has_link and takes_part(actor, session)
    link = None
    if concerned and link_is_shown(session.starts_at, session.planned_minutes, now(), cancelled=cancelled):
        link = db.exec(select(ScheduledSession.meeting_link).where(ScheduledSession.id == session.id)).one()
    return SessionShown(
        **session_row(session, closed=is_called(db, session.id)).model_dump(),
        cohort_id=session.cohort_id,
        meeting_link=link,
        meeting_link_from=link_shown_from(session.starts_at) if concerned and not cancelled else None,
        changes=history(db, session, with_names=manages(actor, session)),
    )
