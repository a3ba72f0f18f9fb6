"""The cohort's calendar, its roll calls and the catch-ups."""

from sqlalchemy import exists, func
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.access import Actor, scoped
from app.cohorts.models import CatchUp, Enrolment, EnrolmentState, RollCall, RollCallEntry, ScheduledSession
from app.cohorts.rules import FOLLOWING, Entry, Met, calendar_reasons, has_begun, missed, roll_call_reasons
from app.cohorts.schemas import (
    CancelCommand,
    CatchUpCommand,
    CatchUpDone,
    CatchUpShown,
    CohortRef,
    EnrolmentRef,
    EntryShown,
    Missed,
    NewSession,
    RollCallCommand,
    SessionRef,
    SessionRow,
    Sheet,
)
from app.curricula.library import default_library
from app.curricula.schema import Activity, ActivityType, Mode
from app.db import Session, now, standing
from app.errors import Conflict, Invalid, NotFound, Reason
from app.people.models import Person
from app.text import local, today


def schedule(session: Session, actor: Actor, cohort: CohortRef, command: NewSession) -> SessionRow:
    """A session for a group activity of the cohort's path."""
    activity = _group_activity(cohort, command.activity_code)
    if activity is None or activity.type is ActivityType.codev:
        raise Invalid("invalid", Reason("not_a_group_activity", {"activity": command.activity_code}, "activity_code"))
    day = local(command.starts_at, cohort.timezone).date()
    if reasons := calendar_reasons(day, cohort.starts_on, cohort.ends_on):
        raise Invalid("invalid", *reasons)
    mode = command.mode or activity.mode
    row = ScheduledSession(
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        activity_code=activity.code,
        starts_at=command.starts_at,
        planned_minutes=command.planned_minutes or activity.minutes,
        mode=mode,
        place=command.place or ("" if mode is Mode.online else cohort.place),
        timezone=cohort.timezone,
        created_at=now(),
        created_by=actor.person_id,
    )
    session.add(row)
    session.flush()
    return _row(row, closed=False)


def activities_to_schedule(cohort: CohortRef) -> list[Activity]:
    """Group activities of the cohort's path that its calendar holds: codevelopment has its own, by group."""
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    return [a for a in curriculum.activities if a.is_group and a.type is not ActivityType.codev]


def _group_activity(cohort: CohortRef | EnrolmentRef, code: str) -> Activity | None:
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    return next((a for a in curriculum.activities if a.code == code and a.is_group), None)


def calendar(session: Session, cohort: CohortRef) -> list[SessionRow]:
    """Sessions of a cohort in order of time, cancelled ones included."""
    closed = exists().where(col(RollCall.session_id) == ScheduledSession.id)
    statement = (
        select(ScheduledSession, closed)
        .where(ScheduledSession.cohort_id == cohort.id)
        .order_by(col(ScheduledSession.starts_at), col(ScheduledSession.id))
    )
    return [_row(row, closed=is_closed) for row, is_closed in session.exec(statement).all()]


def _row(row: ScheduledSession, *, closed: bool) -> SessionRow:
    shared = row.model_dump(include=set(SessionRow.model_fields))
    return SessionRow(**shared, cancelled=row.cancelled_at is not None, closed=closed)


def see_session(session: Session, actor: Actor, session_id: int) -> SessionRef:
    """A session within the actor's reach."""
    within = scoped(actor, college=ScheduledSession.college_id, cohort=ScheduledSession.cohort_id)
    row = session.exec(select(ScheduledSession).where(ScheduledSession.id == session_id, within)).one_or_none()
    if row is None:
        raise NotFound
    return SessionRef.model_validate(row)


def cancel(session: Session, actor: Actor, meeting: SessionRef, command: CancelCommand) -> SessionRow:
    """Cancel a session: it leaves the attendance base, even when its roll was called (BR-08)."""
    row = session.get_one(ScheduledSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    if row.cancelled_at is not None:
        raise Conflict("session_cancelled")
    row.cancelled_at, row.cancelled_by, row.cancel_reason = now(), actor.person_id, command.reason
    session.add(row)
    session.flush()
    return _row(row, closed=session.exec(_current(meeting.id)).one_or_none() is not None)


# Roll calls -------------------------------------------------------------------------------------


def _current(session_id: int) -> SelectOfScalar[RollCall]:
    return select(RollCall).where(RollCall.session_id == session_id, standing(RollCall))


def sheet(session: Session, meeting: SessionRef) -> Sheet:
    """The session with everyone on its roll and, when closed, how each was there."""
    current = session.exec(_current(meeting.id)).one_or_none()
    entries = {}
    closed_by = None
    if current is not None:
        found = session.exec(select(RollCallEntry).where(RollCallEntry.roll_call_id == current.id)).all()
        entries = {e.enrolment_id: e for e in found}
        closed_by = session.get_one(Person, current.closed_by).name
    lines = []
    for id_, name in _roster(session, meeting, entries.keys()):
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
    row = session.get_one(ScheduledSession, meeting.id)
    return Sheet(
        session=_row(row, closed=current is not None),
        cohort_id=meeting.cohort_id,
        roll_call_id=current.id if current else None,
        closed_at=current.closed_at if current else None,
        closed_by=closed_by,
        entries=tuple(lines),
    )


def _roster(session: Session, meeting: SessionRef, recorded: object) -> list[tuple[int, str]]:
    """Those who follow the cohort and had joined that day, and whoever was recorded before, by name."""
    day = local(meeting.starts_at, meeting.timezone).date()
    following = col(Enrolment.state).in_(FOLLOWING) & (col(Enrolment.joined_on) <= day)
    statement = (
        select(Enrolment.id, Person)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(Enrolment.cohort_id == meeting.cohort_id, following | col(Enrolment.id).in_(recorded))  # type: ignore[arg-type]
        .order_by(Person.search_key)
    )
    return [(id_ or 0, person.name) for id_, person in session.exec(statement).all()]


def close_roll_call(session: Session, actor: Actor, meeting: SessionRef, command: RollCallCommand) -> Sheet:
    """Close a roll call, or correct a closed one; everything or nothing."""
    row = session.get_one(ScheduledSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    if row.cancelled_at is not None:
        raise Conflict("session_cancelled")
    at = now()
    if not has_begun(meeting.starts_at, at):
        raise Conflict("session_not_begun")
    before = sheet(session, meeting)
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
    session.add(roll_call)
    session.flush()
    session.add_all(
        RollCallEntry(college_id=meeting.college_id, roll_call_id=roll_call.id or 0, **entry.model_dump())
        for entry in command.entries
    )
    session.flush()
    return sheet(session, meeting)


# Catch-ups --------------------------------------------------------------------------------------


def assign_catch_up(session: Session, actor: Actor, enrolment: EnrolmentRef, command: CatchUpCommand) -> CatchUpShown:
    """Give a missed workshop to make up; codevelopment cannot be (S2: nothing of it is recorded)."""
    activity = _group_activity(enrolment, command.activity_code)
    if activity is None or activity.type is ActivityType.codev:
        raise Invalid("invalid", Reason("cannot_catch_up", {"activity": command.activity_code}, "activity_code"))
    lock = select(Enrolment.state).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)
    if session.exec(lock).one() is not EnrolmentState.ACTIVE:
        raise Conflict("not_active", Reason("not_active"))  # it would lower the attendance of a closed file
    taken = select(CatchUp.id).where(
        CatchUp.enrolment_id == enrolment.id, CatchUp.activity_code == activity.code, col(CatchUp.done_on).is_(None)
    )
    if session.exec(taken).first() is not None:
        raise Conflict("catch_up_assigned")
    row = CatchUp(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        activity_code=activity.code,
        minutes=activity.minutes,
        due_on=command.due_on,
        recorded_at=now(),
        recorded_by=actor.person_id,
    )
    session.add(row)
    session.flush()
    return CatchUpShown.model_validate(row)


def finish_catch_up(
    session: Session, actor: Actor, enrolment: EnrolmentRef, catch_up_id: int, command: CatchUpDone
) -> CatchUpShown:
    """Say that a catch-up of this enrolment was done."""
    row = session.exec(
        select(CatchUp).where(CatchUp.id == catch_up_id, CatchUp.enrolment_id == enrolment.id)
    ).one_or_none()
    if row is None:
        raise NotFound
    if session.exec(select(CatchUp.id).where(CatchUp.supersedes_id == row.id)).first() is not None:
        raise Conflict("catch_up_done")
    shared = row.model_dump(include={"college_id", "enrolment_id", "activity_code", "minutes", "due_on"})
    if command.done_on > today(enrolment.timezone):
        raise Invalid("invalid", Reason("catch_up_in_future", field="done_on"))
    done = CatchUp(
        **shared, done_on=command.done_on, recorded_at=now(), recorded_by=actor.person_id, supersedes_id=row.id
    )
    session.add(done)
    session.flush()
    return CatchUpShown.model_validate(done)


def catch_ups(session: Session, enrolment: EnrolmentRef) -> list[CatchUpShown]:
    """The enrolment's catch-ups as they stand, by due date."""
    statement = (
        select(CatchUp)
        .where(CatchUp.enrolment_id == enrolment.id, standing(CatchUp))
        .order_by(col(CatchUp.due_on), col(CatchUp.id))
    )
    return [CatchUpShown.model_validate(row) for row in session.exec(statement).all()]


def missed_by(session: Session, enrolment: EnrolmentRef) -> list[Missed]:
    """Workshops that someone missed and may make up, oldest first (S2); nobody who has not joined missed any."""
    if enrolment.joined_on is None:
        return []
    entry = (col(RollCallEntry.roll_call_id) == RollCall.id) & (col(RollCallEntry.enrolment_id) == enrolment.id)
    statement = (
        select(ScheduledSession.activity_code, ScheduledSession.starts_at, func.max(RollCallEntry.minutes))
        .select_from(ScheduledSession)
        .outerjoin(RollCall, (col(RollCall.session_id) == ScheduledSession.id) & standing(RollCall))
        .outerjoin(RollCallEntry, entry)
        .where(ScheduledSession.cohort_id == enrolment.cohort_id, col(ScheduledSession.cancelled_at).is_(None))
        .group_by(col(ScheduledSession.id))
    )
    at = now()
    met = [
        Met(code, local(starts_at, enrolment.timezone).date(), has_begun(starts_at, at), minutes)
        for code, starts_at, minutes in session.exec(statement).all()
    ]
    found = missed(met, {c.activity_code for c in catch_ups(session, enrolment)}, enrolment.joined_on)
    return [
        Missed(activity_code=activity.code, on=on, minutes=activity.minutes)
        for code, on in sorted(found.items(), key=lambda item: (item[1], item[0]))
        if (activity := _group_activity(enrolment, code)) is not None
    ]
