"""The cohort's calendar, its roll calls and the catch-ups."""

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.rules import has_begun
from app.attendance.calendar.schemas import SessionRef
from app.attendance.calendar.service import session_row
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.attendance.roll_calls.rules import Entry, roll_call_reasons
from app.attendance.roll_calls.schemas import EntryShown, RollCallCommand, Sheet
from app.cohorts.models import Enrolment
from app.cohorts.rules import FOLLOWING
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason
from app.platform.messages.i18n import local
from app.platform.security.actor import Actor

# Roll calls -------------------------------------------------------------------------------------


def _current(session_id: int) -> SelectOfScalar[RollCall]:
    return select(RollCall).where(RollCall.session_id == session_id, not_superseded(RollCall))


def sheet(db: Session, meeting: SessionRef) -> Sheet:
    """The session with everyone on its roll and, when closed, how each was there."""
    current = db.exec(_current(meeting.id)).one_or_none()
    entries = {}
    closed_by = None
    if current is not None:
        found = db.exec(select(RollCallEntry).where(RollCallEntry.roll_call_id == current.id)).all()
        entries = {e.enrolment_id: e for e in found}
        closed_by = db.get_one(Person, current.closed_by).name
    lines = []
    for id_, name in _roster(db, meeting, entries.keys()):
        entry = entries.get(id_)
        lines.append(
            EntryShown(
                enrolment_id=id_,
                name=name,
                status=entry.status if entry else None,
                minutes=entry.minutes if entry else None,
                mode=entry.mode if entry else None,
            )
        )
    row = db.get_one(ScheduledSession, meeting.id)
    return Sheet(
        session=session_row(row, closed=current is not None),
        cohort_id=meeting.cohort_id,
        roll_call_id=current.id if current else None,
        closed_at=current.closed_at if current else None,
        closed_by=closed_by,
        entries=tuple(lines),
    )


def _roster(db: Session, meeting: SessionRef, recorded: object) -> list[tuple[int, str]]:
    """Those who follow the cohort and had joined that day, and whoever was recorded before, by name."""
    day = local(meeting.starts_at, meeting.timezone).date()
    following = col(Enrolment.state).in_(FOLLOWING) & (col(Enrolment.joined_on) <= day)
    statement = (
        select(Enrolment.id, Person)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(Enrolment.cohort_id == meeting.cohort_id, following | col(Enrolment.id).in_(recorded))  # type: ignore[arg-type]
        .order_by(Person.search_key)
    )
    return [(id_, person.name) for id_, person in db.exec(statement).all()]


def close_roll_call(db: Session, actor: Actor, meeting: SessionRef, command: RollCallCommand) -> Sheet:
    """Close a roll call, or correct a closed one; everything or nothing."""
    row = db.get_one(ScheduledSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    if row.cancelled_at is not None:
        raise Conflict("session_cancelled")
    at = now()
    if not has_begun(meeting.starts_at, at):
        raise Conflict("session_not_begun")
    before = sheet(db, meeting)
    if command.supersedes != before.roll_call_id:
        raise Conflict("stale", Reason("roll_call_stale", field="supersedes"))
    reasons = roll_call_reasons(
        [Entry(e.enrolment_id, e.status, e.minutes) for e in command.entries],
        {e.enrolment_id for e in before.entries},
        meeting.planned_minutes,
    )
    if before.roll_call_id is not None and not command.reason:
        reasons.append(Reason("reason_needed", field="reason"))
    if reasons:
        raise Invalid("invalid", *reasons)
    roll_call = RollCall(
        college_id=meeting.college_id,
        session_id=meeting.id,
        closed_at=at,
        closed_by=actor.person_id,
        supersedes_id=before.roll_call_id,
        reason=command.reason,
    )
    db.add(roll_call)
    db.flush()
    db.add_all(
        RollCallEntry(college_id=meeting.college_id, roll_call_id=roll_call.id, **entry.model_dump())
        for entry in command.entries
    )
    db.flush()
    return sheet(db, meeting)
