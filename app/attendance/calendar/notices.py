"""What the people of a cohort are told of the changes of its sessions."""

from datetime import datetime

from app.attendance.calendar.models import ScheduledSession
from app.cohorts.audience import people_of
from app.cohorts.models import Cohort
from app.curricula.library import curriculum_of
from app.network.venues.schemas import VenueShown
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.messages.i18n import t
from app.platform.security.actor import Actor


def tell_cancelled(db: Session, actor: Actor, session: ScheduledSession) -> None:
    """Tell everyone of the cohort that a session to come is cancelled; they were there, or not, at a past one."""
    _tell(db, actor, session, Kind.SESSION_CANCELLED, reason=session.cancel_reason)


def tell_moved(
    db: Session, actor: Actor, session: ScheduledSession, venue: VenueShown | None, was_at: datetime
) -> None:
    """Tell everyone of the cohort that a session is moved, in time or place, unless it is past."""
    named = (venue.name, venue.address, venue.city) if venue is not None else ()
    place = ", ".join(part for part in (*named, session.place) if part)
    _tell(db, actor, session, Kind.SESSION_MOVED, was_at=was_at, place=place or t(f"mode.{session.mode.value}"))


def tell_restored(db: Session, actor: Actor, session: ScheduledSession) -> None:
    """Tell everyone of the cohort that a cancelled session takes place after all."""
    _tell(db, actor, session, Kind.SESSION_RESTORED)


def _tell(db: Session, actor: Actor, session: ScheduledSession, kind: Kind, **params: object) -> None:
    if session.starts_at <= now():
        return
    cohort = db.get_one(Cohort, session.cohort_id)
    about: dict[str, object] = {
        "cohort": cohort.title,
        "activity": curriculum_of(cohort).activity(session.activity_code).title.text,
        "starts_at": session.starts_at,
        "timezone": session.timezone,
        **params,
    }
    people = [person for person in people_of(db, session.cohort_id) if person != actor.person_id]
    key, page = f"session:{session.id}:{session.sequence}", f"/seances/{session.id}"
    notify(db, Event(kind, key, people, page, about, session.college_id))
