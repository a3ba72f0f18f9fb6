"""What the people of a cohort are told of the changes of its sessions."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from app.attendance.calendar.entries import entry_of
from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.rules import is_moved, is_to_remind
from app.cohorts.audience import audience_of
from app.cohorts.schemas import CohortRef
from app.network.venues.models import Venue
from app.network.venues.rules import place_line
from app.network.venues.schemas import VenueShown
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor


def tell_planned(db: Session, actor: Actor, session: ScheduledSession, venue: VenueShown | None) -> None:
    """Tell everyone of a cohort that has begun that a session is added to its calendar."""
    _tell(db, actor, session, Kind.SESSION_PLANNED, **_where(session, venue))


def tell_series(
    db: Session, actor: Actor, cohort: CohortRef, planned: Sequence[tuple[ScheduledSession, VenueShown | None]]
) -> None:
    """Tell everyone of a cohort that has begun, by one message, of the sessions to come that a series adds."""
    coming = [(session, venue) for session, venue in planned if session.starts_at > now()]
    if len(coming) == 1:
        tell_planned(db, actor, *coming[0])
    if len(coming) <= 1:
        return
    entries = tuple(entry_of(db, session) for session, _ in coming)
    lines = [
        {"activity": entry.title, "starts_at": entry.starts_at, "timezone": entry.timezone, **_where(session, venue)}
        for entry, (session, venue) in zip(entries, coming, strict=True)
    ]
    about = {"cohort": cohort.title, "number": len(lines), "sessions": lines}
    people = [person for person in audience_of(db, cohort.id) if person != actor.person_id]
    page = f"/cohortes/{cohort.id}/calendrier"
    key = f"series:{coming[0][0].id}"
    notify(db, Event(Kind.SERIES_PLANNED, key, people, page, about, cohort.college_id, entries))


def tell_cancelled(db: Session, actor: Actor, session: ScheduledSession) -> None:
    """Tell everyone of the cohort that a session to come is cancelled; the reason is on its page, not in an e-mail."""
    _tell(db, actor, session, Kind.SESSION_CANCELLED)


def tell_changed(
    db: Session, actor: Actor, session: ScheduledSession, venue: VenueShown | None, before: Mapping[str, Any]
) -> None:
    """Tell everyone of the cohort that a session is moved, or changed where it stands, unless it is past."""
    where = _where(session, venue)
    if is_moved(before, session.model_dump(include=set(before))):
        was: dict[str, object] = {"was_at": before["starts_at"], "was_timezone": before["timezone"]}
        _tell(db, actor, session, Kind.SESSION_MOVED, **was, **where)
    else:
        _tell(db, actor, session, Kind.SESSION_CHANGED, planned_minutes=session.planned_minutes, **where)


def tell_restored(db: Session, actor: Actor, session: ScheduledSession) -> None:
    """Tell everyone of the cohort that a cancelled session takes place after all."""
    _tell(db, actor, session, Kind.SESSION_RESTORED)


def remind(db: Session) -> None:
    """Remind everyone of each session of tomorrow, once; of one that has moved, anew."""
    at = now()
    coming = (
        select(ScheduledSession, Venue)
        .outerjoin(Venue, col(Venue.id) == ScheduledSession.venue_id)
        .where(
            col(ScheduledSession.cancelled_at).is_(None),
            col(ScheduledSession.starts_at) > at,
            col(ScheduledSession.starts_at) < at + timedelta(days=2),
        )
        .order_by(col(ScheduledSession.id))
    )
    for session, venue in db.exec(coming).all():
        if is_to_remind(session.starts_at, session.timezone, at):
            people = audience_of(db, session.cohort_id)
            key = f"session:{session.id}:{session.starts_at.isoformat()}"
            notify(db, _event(db, session, Kind.SESSION_TOMORROW, key, people, **_where(session, venue)))


def _where(session: ScheduledSession, venue: VenueShown | Venue | None) -> dict[str, object]:
    """Return where a session is held; its mode is said in the reader's language when it has no place."""
    return {"place": place_line(venue, session.place), "mode": session.mode.value}


def _tell(db: Session, actor: Actor, session: ScheduledSession, kind: Kind, **params: object) -> None:
    if session.starts_at <= now():
        return
    people = [person for person in audience_of(db, session.cohort_id) if person != actor.person_id]
    notify(db, _event(db, session, kind, f"session:{session.id}:{session.sequence}", people, **params))


def _event(db: Session, session: ScheduledSession, kind: Kind, key: str, people: list[int], **params: object) -> Event:
    entry = entry_of(db, session)
    about: dict[str, object] = {
        "cohort": entry.cohort,
        "activity": entry.title,
        "starts_at": session.starts_at,
        "timezone": session.timezone,
        **params,
    }
    return Event(kind, key, people, entry.page, about, session.college_id, (entry,))
