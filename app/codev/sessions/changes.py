"""A session of a group is moved or changed; what it was before stays in its history, with a kind of reason (BR-11)."""

from typing import Any

from sqlmodel import col, select

from app.attendance.calendar.rules import calendar_reasons, change_reasons, link_after
from app.attendance.calendar.service import venue_for
from app.attendance.clashes.service import require_seen
from app.codev.groups.schemas import GroupRef
from app.codev.records.service import current_record
from app.codev.sessions.models import CodevSession, CodevSessionChange
from app.codev.sessions.notices import tell_moved
from app.codev.sessions.schemas import ChangeCodevSession, CodevPastTime, CodevSessionRef
from app.codev.sessions.service import plan_of
from app.cohorts.models import Cohort
from app.cohorts.service import require_not_archived
from app.network.venues.models import Venue
from app.network.venues.schemas import VenueAddress
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason, refuse_unless
from app.platform.messages.i18n import local
from app.platform.security.actor import Actor

KEPT = {"starts_at", "planned_minutes", "mode", "venue_id", "timezone"}
"""What a session was, that its history keeps; a meeting link that no longer serves is kept nowhere."""


def change_session(
    db: Session, actor: Actor, group: GroupRef, meeting: CodevSessionRef, command: ChangeCodevSession
) -> CodevSessionRef:
    """Move or change a session whose record is not closed; its planned roles stay. Return its new state.

    Raises ``Conflict``: ``session_cancelled``, ``session_called``, ``stale`` when someone else changed it since,
    ``session_clashes`` when what clashes with it is not what was read; ``Invalid``, also when nothing would change.
    """
    require_not_archived(db.get_one(Cohort, group.cohort_id))
    row = db.get_one(CodevSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    if reasons := refusals(db, row):
        raise Conflict(reasons[0].code, *reasons)
    if command.sequence != row.sequence:
        raise Conflict("stale", Reason("session_stale", field="sequence"))
    link = link_after(row.meeting_link, command.meeting_link, command.mode, is_removed=command.without_link)
    venue = venue_for(db, group.college_id, command.mode, command.venue_id, link, kept=row.venue_id)
    zone = venue.timezone if venue is not None else group.timezone
    day = local(command.starts_at, zone).date()
    refuse_unless(*calendar_reasons(day, group.starts_on, group.ends_on), code="invalid")
    before = row.model_dump(include=KEPT)
    after: dict[str, Any] = {**command.model_dump(include=KEPT), "timezone": zone}
    if after == before and link == row.meeting_link:
        raise Invalid("invalid", Reason("session_unchanged"))
    is_moved = any(after[name] != before[name] for name in ("starts_at", "planned_minutes", "venue_id"))
    if is_moved and command.clashes_seen is not None:
        plan = plan_of(db, group.college_id, group.id, venue, zone, session_id=row.id)
        require_seen(db, actor, plan, (command.starts_at, command.planned_minutes), command.clashes_seen)
    db.add(
        CodevSessionChange(
            **before,
            college_id=row.college_id,
            session_id=row.id,
            changed_at=now(),
            changed_by=actor.person_id,
            reason=command.reason,
        )
    )
    row.sqlmodel_update({**after, "meeting_link": link, "sequence": row.sequence + 1})
    db.add(row)
    db.flush()
    if after != before:  # a link alone moves nobody, and is read on the session's page
        tell_moved(db, actor, row, venue, before)
    shared = row.model_dump(include=set(CodevSessionRef.model_fields) - {"venue"})
    address = VenueAddress.model_validate(venue) if venue is not None else None
    return meeting.model_copy(update={**shared, "venue": address, "has_link": link is not None})


def refusals(db: Session, session: CodevSession | CodevSessionRef) -> list[Reason]:
    """Return why a session can no longer be moved: its record says what took place, or it is cancelled."""
    is_closed = db.exec(current_record(session.id)).first() is not None
    return change_reasons(called=is_closed, cancelled=session.cancelled_at is not None)


def past_times(db: Session, meeting: CodevSessionRef) -> tuple[CodevPastTime, ...]:
    """Return what a session was before each of its changes, oldest first."""
    statement = (
        select(CodevSessionChange, Venue.name)
        .outerjoin(Venue, col(Venue.id) == CodevSessionChange.venue_id)
        .where(CodevSessionChange.session_id == meeting.id)
        .order_by(col(CodevSessionChange.id))
    )
    return tuple(
        CodevPastTime(**row.model_dump(include=set(CodevPastTime.model_fields)), venue=venue)
        for row, venue in db.exec(statement).all()
    )
