"""A session is moved or changed, with a reason; what it was before stays in its history."""

from typing import Any

from sqlmodel import col, select

from app.attendance.calendar.models import ScheduledSession, SessionChange
from app.attendance.calendar.notices import tell_changed
from app.attendance.calendar.rules import calendar_reasons, change_reasons, link_after
from app.attendance.calendar.schemas import ChangeSession, PastTime, SessionRef, SessionRow
from app.attendance.calendar.service import is_called, plan_of, refuse_planned, session_ref, session_row, venue_for
from app.attendance.check_ins.service import close_check_in
from app.attendance.clashes.service import require_seen
from app.cohorts.schemas import CohortRef
from app.cohorts.service import require_not_archived
from app.network.venues.models import Venue
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason, refuse_unless
from app.platform.messages.i18n import local
from app.platform.security.actor import Actor

KEPT = {"starts_at", "planned_minutes", "mode", "place", "venue_id", "timezone"}
"""What a session was, that its history keeps; a meeting link that no longer serves is kept nowhere."""


def change(db: Session, actor: Actor, cohort: CohortRef, session: SessionRef, command: ChangeSession) -> SessionRow:
    """Move or change a session whose roll was not called; one that starts at another time has its check-in closed.

    Raises ``Conflict``: ``session_cancelled``, ``session_called``, ``session_planned``, ``stale`` when someone else
    changed it since, ``session_clashes`` when what clashes with it is not what was read; ``Invalid``, also when
    nothing would change.
    """
    require_not_archived(cohort)
    row = db.get_one(ScheduledSession, session.id, with_for_update={"key_share": True}, populate_existing=True)
    if reasons := change_reasons(called=is_called(db, row.id), cancelled=row.cancelled_at is not None):
        raise Conflict(reasons[0].code, *reasons)
    if command.sequence != row.sequence:
        raise Conflict("stale", Reason("session_stale", field="sequence"))
    link = link_after(row.meeting_link, command.meeting_link, command.mode, is_removed=command.without_link)
    venue = venue_for(db, cohort.college_id, command.mode, command.venue_id, link, kept=row.venue_id)
    zone = venue.timezone if venue is not None else cohort.timezone
    day = local(command.starts_at, zone).date()
    refuse_unless(*calendar_reasons(day, cohort.starts_on, cohort.ends_on), code="invalid")
    refuse_planned(db, cohort.id, row.activity_code, command.starts_at, but=row.id)
    before = row.model_dump(include=KEPT)
    after: dict[str, Any] = {**command.model_dump(include=KEPT), "timezone": zone}
    if after == before and link == row.meeting_link:
        raise Invalid("invalid", Reason("session_unchanged"))
    is_moved = any(after[name] != before[name] for name in ("starts_at", "planned_minutes", "venue_id"))
    if is_moved and command.clashes_seen is not None:
        plan = plan_of(db, cohort, venue, zone, session_id=row.id)
        require_seen(db, actor, plan, (command.starts_at, command.planned_minutes), command.clashes_seen)
    db.add(
        SessionChange(
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
    if after["starts_at"] != before["starts_at"]:
        close_check_in(db, actor, session)
    if after != before:  # a link alone moves nobody, and is read on the session's page
        tell_changed(db, actor, row, venue, before)
    return session_row(session_ref(row, venue), closed=False)


def history(db: Session, session: SessionRef, *, with_names: bool) -> tuple[PastTime, ...]:
    """Return what a session was before each of its changes, oldest first; ``with_names``: and who changed it."""
    statement = (
        select(SessionChange, Venue.name, Person)
        .outerjoin(Venue, col(Venue.id) == SessionChange.venue_id)
        .join(Person, col(Person.id) == SessionChange.changed_by)
        .where(SessionChange.session_id == session.id)
        .order_by(col(SessionChange.id))
    )
    return tuple(
        PastTime(
            **row.model_dump(include=set(PastTime.model_fields) - {"changed_by"}),
            venue=venue,
            changed_by=person.name if with_names else None,
        )
        for row, venue, person in db.exec(statement).all()
    )
