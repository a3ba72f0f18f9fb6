"""Roll calls: read the sheet of a session, close it, correct it."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.rules import has_begun
from app.attendance.calendar.schemas import SessionRef
from app.attendance.calendar.service import WRITTEN, session_row
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.attendance.roll_calls.rules import (
    Entry,
    Schedule,
    counted_minutes,
    roll_call_reasons,
    written_minutes,
)
from app.attendance.roll_calls.schemas import (
    EntryCommand,
    EntryShown,
    Presence,
    RollCallCommand,
    Sheet,
)
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import FOLLOWING
from app.cohorts.service import require_not_archived
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason
from app.platform.messages.i18n import local
from app.platform.security.actor import Actor

PRESENCE = set(Presence.model_fields)
"""What a line says of a presence."""


def sheet(db: Session, session: SessionRef) -> Sheet:
    """Return the session with everyone on its roll and, once closed, the presence of each."""
    roll_call = db.exec(_current_roll_call(session.id)).one_or_none()
    entries = {}
    closed_by = None
    if roll_call is not None:
        rows = db.exec(select(RollCallEntry).where(RollCallEntry.roll_call_id == roll_call.id)).all()
        entries = {row.enrolment_id: row for row in rows}
        closed_by = db.get_one(Person, roll_call.closed_by).name
    lines = []
    for enrolment_id, name in _roster(db, session, entries.keys()):
        entry = entries.get(enrolment_id)
        shown = entry.model_dump(include=PRESENCE) if entry else dict.fromkeys(PRESENCE)
        lines.append(EntryShown(enrolment_id=enrolment_id, name=name, **shown))
    return Sheet(
        session=session_row(session, closed=roll_call is not None),
        cohort_id=session.cohort_id,
        roll_call_id=roll_call.id if roll_call else None,
        closed_at=roll_call.closed_at if roll_call else None,
        closed_by=closed_by,
        entries=tuple(lines),
    )


def minutes_written(shown: Sheet) -> dict[int, int | None]:
    """Return by enrolment the minutes of a sheet that the status and hours of its line do not say."""
    schedule = Schedule(shown.session.starts_at, shown.session.planned_minutes)
    return {
        line.enrolment_id: written_minutes(
            Entry(line.enrolment_id, line.status, line.minutes, line.arrived_at, line.left_at), schedule
        )
        for line in shown.entries
        if line.status is not None
    }


def expected(db: Session, session: SessionRef) -> tuple[EntryShown, ...]:
    """Return the blank lines of those who sign at a session whose roll was not called, by name.

    Before it begins, the people admitted are expected too: they are on its roll once they have joined.
    """
    people = _on_roll(session)
    if not has_begun(session.starts_at, now()):
        people |= (col(Enrolment.cohort_id) == session.cohort_id) & (col(Enrolment.state) == EnrolmentState.ADMITTED)
    blank = dict.fromkeys(PRESENCE)
    return tuple(EntryShown(enrolment_id=id_, name=name, **blank) for id_, name in _named(db, people))


def is_on_roll(db: Session, actor: Actor, shown: Sheet) -> bool:
    """Return whether the sheet has a line of the actor, whose presence another person notes (``duties.py``)."""
    own = select(Enrolment.id).where(Enrolment.cohort_id == shown.cohort_id, Enrolment.person_id == actor.person_id)
    return db.exec(own).first() in {entry.enrolment_id for entry in shown.entries}


def _current_roll_call(session_id: int) -> SelectOfScalar[RollCall]:
    return select(RollCall).where(RollCall.session_id == session_id, not_superseded(RollCall))


def count_on_roll(db: Session, session: SessionRef) -> int:
    """Return how many people are on the roll of a session that was not called."""
    return int(db.execute(sa.select(sa.func.count()).select_from(Enrolment).where(_on_roll(session))).scalar_one())


def _on_roll(session: SessionRef) -> sa.ColumnElement[bool]:
    """Return the condition that an enrolment of the cohort is active and had begun by the day of a session."""
    day = local(session.starts_at, session.timezone).date()
    following = col(Enrolment.state).in_(FOLLOWING) & (col(Enrolment.joined_on) <= day)
    return (col(Enrolment.cohort_id) == session.cohort_id) & following


def _roster(db: Session, session: SessionRef, recorded: Collection[int]) -> list[tuple[int, str]]:
    """Return the active enrolments that had joined by that day and those recorded before, by name."""
    listed = _on_roll(session) | col(Enrolment.id).in_(recorded)
    return _named(db, (col(Enrolment.cohort_id) == session.cohort_id) & listed)


def _named(db: Session, people: sa.ColumnElement[bool]) -> list[tuple[int, str]]:
    """Return enrolments with the names of their people, in order of names."""
    statement = (
        select(Enrolment.id, Person)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(people)
        .order_by(Person.search_key)
    )
    return [(enrolment_id, person.name) for enrolment_id, person in db.exec(statement).all()]


def close_roll_call(db: Session, actor: Actor, session: SessionRef, command: RollCallCommand) -> Sheet:
    """Close a roll call, or correct a closed one, and return its sheet; everything or nothing is recorded."""
    return record_roll_call(db, actor, session, lock_sheet(db, session), command)


def lock_sheet(db: Session, session: SessionRef) -> Sheet:
    """Return the sheet with its session locked, so that nobody closes it before this transaction ends."""
    row = db.get_one(ScheduledSession, session.id, with_for_update={"key_share": True}, populate_existing=True)
    return sheet(db, session.model_copy(update=row.model_dump(include=WRITTEN)))


def record_roll_call(db: Session, actor: Actor, session: SessionRef, locked: Sheet, command: RollCallCommand) -> Sheet:
    """Close or correct the roll call of a locked sheet (see ``lock_sheet``) and return the sheet as it then is."""
    require_not_archived(db.get_one(Cohort, session.cohort_id))
    if locked.session.cancelled:
        raise Conflict("session_cancelled")
    at = now()
    if not has_begun(session.starts_at, at):
        raise Conflict("session_not_begun")
    if command.supersedes != locked.roll_call_id:
        raise Conflict("stale", Reason("roll_call_stale", field="supersedes"))
    schedule = Schedule(locked.session.starts_at, locked.session.planned_minutes)
    lines = [_entry(e) for e in command.entries]
    reasons = roll_call_reasons(lines, {e.enrolment_id for e in locked.entries}, schedule)
    if locked.roll_call_id is not None and not command.reason:
        reasons.append(Reason("reason_needed", field="reason"))
    if reasons:
        raise Invalid("invalid", *reasons)
    roll_call = RollCall(
        college_id=session.college_id,
        session_id=session.id,
        closed_at=at,
        closed_by=actor.person_id,
        supersedes_id=locked.roll_call_id,
        reason=command.reason,
    )
    db.add(roll_call)
    db.flush()
    counted = [
        entry.model_copy(update={"minutes": counted_minutes(line, schedule)})
        for entry, line in zip(command.entries, lines, strict=True)
    ]
    db.add_all(
        RollCallEntry(college_id=session.college_id, roll_call_id=roll_call.id, **entry.model_dump())
        for entry in counted
    )
    db.flush()
    return _closed_sheet(locked, roll_call, db.get_one(Person, actor.person_id).name, counted)


def _entry(command: EntryCommand) -> Entry:
    return Entry(**command.model_dump(exclude={"mode"}))


def _closed_sheet(locked: Sheet, roll_call: RollCall, closed_by: str, counted: Sequence[EntryCommand]) -> Sheet:
    """Return the sheet once closed; the entries name exactly the people of its lines."""
    entries = {entry.enrolment_id: entry for entry in counted}
    return Sheet(
        session=locked.session.model_copy(update={"closed": True}),
        cohort_id=locked.cohort_id,
        roll_call_id=roll_call.id,
        closed_at=roll_call.closed_at,
        closed_by=closed_by,
        entries=tuple(EntryShown(name=line.name, **entries[line.enrolment_id].model_dump()) for line in locked.entries),
    )


def count_unfinished(db: Session, cohort_id: int) -> tuple[int, int]:
    """Return how many sessions of a cohort are to come, and how many have begun without a roll call."""
    called = sa.exists().where(col(RollCall.session_id) == ScheduledSession.id)
    begun = col(ScheduledSession.starts_at) <= now()
    statement = (
        sa.select(begun.label("begun"), sa.func.count().label("n"))
        .where(
            col(ScheduledSession.cohort_id) == cohort_id,
            col(ScheduledSession.cancelled_at).is_(None),
            ~called.correlate(ScheduledSession),
        )
        .group_by("begun")
    )
    counted = {row.begun: row.n for row in db.execute(statement)}
    return counted.get(False, 0), counted.get(True, 0)
