"""A cancelled session returns to the calendar, with a reason; both acts stay in its history."""

from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.attendance.calendar.models import ScheduledSession, SessionRestoration
from app.attendance.calendar.notices import tell_restored
from app.attendance.calendar.rules import restoration_reasons
from app.attendance.calendar.schemas import Restoration, RestoreCommand, SessionRef, SessionRow
from app.attendance.calendar.service import (
    WRITTEN,
    is_called,
    plan_of,
    refuse_own_attendance,
    refuse_planned,
    session_row,
)
from app.attendance.clashes.service import require_seen
from app.cohorts.models import Cohort
from app.cohorts.service import require_not_archived
from app.network.venues.service import require_offered
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict
from app.platform.security.actor import Actor


def restore(db: Session, actor: Actor, session: SessionRef, command: RestoreCommand) -> SessionRow:
    """Put a cancelled session back: a roll that was called counts again, for everyone on it (BR-08).

    Raises ``Forbidden("own_case")`` when the roll records the actor, ``Conflict``: ``session_not_cancelled``,
    ``session_planned``, ``session_replaced``, ``restored_too_late``; before its moment, ``session_clashes`` when what
    clashes with it is not what was read.
    """
    refuse_own_attendance(db, actor, session)
    cohort = db.get_one(Cohort, session.cohort_id)
    require_not_archived(cohort)
    row = db.get_one(ScheduledSession, session.id, with_for_update={"key_share": True}, populate_existing=True)
    if row.cancelled_at is None:
        raise Conflict("session_not_cancelled")
    refuse_planned(db, row.cohort_id, row.activity_code, row.starts_at)
    called = is_called(db, row.id)
    reasons = restoration_reasons(
        row.starts_at, now(), called=called, replaced=_is_replaced(db, row), beside=command.beside
    )
    if reasons:
        raise Conflict(reasons[0].code, *reasons)
    if row.starts_at > now() and command.clashes_seen is not None:
        venue_id = row.venue_id
        venue = require_offered(db, row.college_id, venue_id, kept=venue_id) if venue_id is not None else None
        plan = plan_of(db, cohort, venue, row.timezone, session_id=row.id)
        require_seen(db, actor, plan, (row.starts_at, row.planned_minutes), command.clashes_seen)
    db.add(
        SessionRestoration(
            **row.model_dump(include={"college_id", "cancelled_at", "cancelled_by", "cancel_reason"}),
            session_id=row.id,
            restored_at=now(),
            restored_by=actor.person_id,
            reason=command.reason,
        )
    )
    row.cancelled_at = row.cancelled_by = row.cancel_reason = None
    row.sequence += 1
    db.add(row)
    db.flush()
    tell_restored(db, actor, row)
    return session_row(session.model_copy(update=row.model_dump(include=WRITTEN)), closed=called)


def _is_replaced(db: Session, row: ScheduledSession) -> bool:
    """Return whether another session of the activity was planned since the cancellation and still stands."""
    since = select(ScheduledSession.id).where(
        ScheduledSession.cohort_id == row.cohort_id,
        ScheduledSession.activity_code == row.activity_code,
        col(ScheduledSession.cancelled_at).is_(None),
        col(ScheduledSession.created_at) >= row.cancelled_at,
    )
    return db.exec(since.limit(1)).first() is not None


def restorations(db: Session, session: SessionRef) -> list[Restoration]:
    """Return the cancellations of a session that were taken back, oldest first."""
    canceller = aliased(Person)
    statement = (
        select(SessionRestoration, Person, canceller)
        .join(Person, col(Person.id) == SessionRestoration.restored_by)
        .outerjoin(canceller, col(canceller.id) == SessionRestoration.cancelled_by)
        .where(SessionRestoration.session_id == session.id)
        .order_by(col(SessionRestoration.id))
    )
    return [
        Restoration(
            **row.model_dump(include={"cancelled_at", "cancel_reason", "restored_at", "reason"}),
            restored_by=restorer.name,
            cancelled_by=by.name if by is not None else None,
        )
        for row, restorer, by in db.exec(statement).all()
    ]
