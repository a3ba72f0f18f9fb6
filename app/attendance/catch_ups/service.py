"""Catch-ups: what an enrolment missed, what was assigned, what was done."""

from sqlalchemy import func
from sqlmodel import col, select

from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.rules import has_begun
from app.attendance.calendar.service import group_activity
from app.attendance.catch_ups.models import CatchUp
from app.attendance.catch_ups.rules import HeldSession, missed
from app.attendance.catch_ups.schemas import CatchUpCommand, CatchUpDone, CatchUpRef, CatchUpShown, Missed
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.curricula.enums import ActivityType
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason
from app.platform.messages.i18n import local, today
from app.platform.security.actor import Actor, scoped


def assign_catch_up(db: Session, actor: Actor, enrolment: EnrolmentRef, command: CatchUpCommand) -> CatchUpShown:
    """Assign a missed workshop to make up; codevelopment cannot be made up, as nothing of it is recorded (S2)."""
    activity = group_activity(enrolment, command.activity_code)
    if activity is None or activity.type is ActivityType.codev:
        raise Invalid("invalid", Reason("cannot_catch_up", {"activity": command.activity_code}, "activity_code"))
    lock = select(Enrolment.state).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)
    if db.exec(lock).one() is not EnrolmentState.ACTIVE:
        raise Conflict("not_active", Reason("not_active"))  # it would lower the attendance of a closed file
    assigned = select(CatchUp.id).where(
        CatchUp.enrolment_id == enrolment.id, CatchUp.activity_code == activity.code, col(CatchUp.done_on).is_(None)
    )
    if db.exec(assigned).first() is not None:
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
    db.add(row)
    db.flush()
    return CatchUpShown.model_validate(row)


def see_catch_up(db: Session, actor: Actor, catch_up_id: int) -> CatchUpRef:
    """Return a catch-up of an enrolment within the actor's reach; raise ``NotFound`` otherwise."""
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    statement = (
        select(CatchUp)
        .join(Enrolment, col(Enrolment.id) == CatchUp.enrolment_id)
        .where(CatchUp.id == catch_up_id, within)
    )
    row = db.exec(statement).one_or_none()
    if row is None:
        raise NotFound
    return CatchUpRef.model_validate(row)


def finish_catch_up(
    db: Session, actor: Actor, enrolment: EnrolmentRef, catch_up: CatchUpRef, command: CatchUpDone
) -> CatchUpShown:
    """Record that a catch-up of this enrolment was done."""
    if db.exec(select(CatchUp.id).where(CatchUp.supersedes_id == catch_up.id)).first() is not None:
        raise Conflict("catch_up_done")
    if command.done_on > today(enrolment.timezone):
        raise Invalid("invalid", Reason("catch_up_in_future", field="done_on"))
    row = CatchUp(
        **catch_up.model_dump(include={"enrolment_id", "activity_code", "minutes", "due_on"}),
        college_id=enrolment.college_id,
        done_on=command.done_on,
        recorded_at=now(),
        recorded_by=actor.person_id,
        supersedes_id=catch_up.id,
    )
    db.add(row)
    db.flush()
    return CatchUpShown.model_validate(row)


def catch_ups(db: Session, enrolment: EnrolmentRef) -> list[CatchUpShown]:
    """Return the enrolment's current catch-ups, by due date."""
    statement = (
        select(CatchUp)
        .where(CatchUp.enrolment_id == enrolment.id, not_superseded(CatchUp))
        .order_by(col(CatchUp.due_on), col(CatchUp.id))
    )
    return [CatchUpShown.model_validate(row) for row in db.exec(statement).all()]


def missed_by(db: Session, enrolment: EnrolmentRef) -> list[Missed]:
    """Return the workshops that the person missed and may make up, oldest first (S2); none before they joined."""
    if enrolment.joined_on is None:
        return []
    entry = (col(RollCallEntry.roll_call_id) == RollCall.id) & (col(RollCallEntry.enrolment_id) == enrolment.id)
    statement = (
        select(
            ScheduledSession.activity_code,
            ScheduledSession.starts_at,
            ScheduledSession.timezone,
            func.max(RollCallEntry.minutes),
        )
        .select_from(ScheduledSession)
        .outerjoin(RollCall, (col(RollCall.session_id) == ScheduledSession.id) & not_superseded(RollCall))
        .outerjoin(RollCallEntry, entry)
        .where(ScheduledSession.cohort_id == enrolment.cohort_id, col(ScheduledSession.cancelled_at).is_(None))
        .group_by(col(ScheduledSession.id))
    )
    at = now()
    sessions = [
        HeldSession(code, local(starts_at, zone).date(), has_begun(starts_at, at), minutes)
        for code, starts_at, zone, minutes in db.exec(statement).all()
    ]
    last_days = missed(sessions, {c.activity_code for c in catch_ups(db, enrolment)}, enrolment.joined_on)
    return [
        Missed(activity_code=activity.code, on=on, minutes=activity.minutes)
        for code, on in sorted(last_days.items(), key=lambda item: (item[1], item[0]))
        if (activity := group_activity(enrolment, code)) is not None
    ]
