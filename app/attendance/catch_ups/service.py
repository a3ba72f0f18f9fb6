"""Catch-ups: what an enrolment missed, what was assigned, what was done."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.rules import has_begun
from app.attendance.calendar.service import group_activity
from app.attendance.catch_ups.models import CatchUp
from app.attendance.catch_ups.rules import Decision, HeldSession, list_reasons, missed
from app.attendance.catch_ups.schemas import (
    CatchUpCommand,
    CatchUpDecision,
    CatchUpDone,
    CatchUpRef,
    CatchUpShown,
    LateJoiner,
    Missed,
)
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.schemas import CohortRef
from app.curricula.enums import ActivityType
from app.curricula.library import curriculum_of
from app.people.models import Person, shown_name
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
    if db.exec(_locked(enrolment)).one() is not EnrolmentState.ACTIVE:
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


def decide_list(db: Session, actor: Actor, enrolment: EnrolmentRef, decisions: Sequence[CatchUpDecision]) -> bool:
    """Decide of every workshop that the person missed: made up before a day, in the attendance base, or waived (S2).

    Return whether anything was decided otherwise than before.

    What was decided before and is not made up yet may be decided otherwise; the former decision stays in the history.

    Raises ``Conflict("not_active")``, ``Invalid`` when a missed workshop is left out or a decision is none.
    """
    lock = select(Enrolment.state).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)
    if db.exec(lock).one() is not EnrolmentState.ACTIVE:
        raise Conflict("not_active", Reason("not_active"))
    undecided = {m.activity_code for m in missed_by(db, enrolment)}
    decided = {c.activity_code: c for c in catch_ups(db, enrolment) if c.done_on is None}
    given = [Decision(d.activity_code, d.due_on, d.waived_because) for d in decisions]
    if reasons := list_reasons(given, undecided, decided, today(enrolment.timezone)):
        raise Invalid("invalid", *reasons)
    minutes = {a.code: a.minutes for a in curriculum_of(enrolment).activities}
    changes = False
    for decision in given:
        before = decided.get(decision.activity_code)
        if before and (before.due_on, before.waived_because) == (decision.due_on, decision.waived_because):
            continue
        changes = True
        db.add(
            CatchUp(
                college_id=enrolment.college_id,
                enrolment_id=enrolment.id,
                activity_code=decision.activity_code,
                minutes=minutes[decision.activity_code],
                due_on=decision.due_on,
                waived_because=decision.waived_because,
                recorded_at=now(),
                recorded_by=actor.person_id,
                supersedes_id=before.id if before is not None else None,
            )
        )
    db.flush()
    return changes


def _locked(enrolment: EnrolmentRef) -> SelectOfScalar[str]:
    """Return the statement of an enrolment's state that lets nobody else decide of its catch-ups meanwhile."""
    return select(Enrolment.state).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)


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
    """Record that a catch-up of this enrolment was done.

    Raises ``Conflict``: ``catch_up_done``, ``catch_up_waived``, ``stale`` when it was decided again since.
    """
    db.exec(_locked(enrolment)).one()
    later = db.exec(select(CatchUp).where(CatchUp.supersedes_id == catch_up.id)).first()
    if later is not None:
        raise Conflict("stale" if later.done_on is None else "catch_up_done")
    if catch_up.waived_because is not None:
        raise Conflict("catch_up_waived")
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
    last_days = _missed_in(db, enrolment.cohort_id, {enrolment.id: enrolment.joined_on})[enrolment.id]
    return [
        Missed(activity_code=activity.code, on=on, minutes=activity.minutes)
        for code, on in sorted(last_days.items(), key=lambda item: (item[1], item[0]))
        if (activity := group_activity(enrolment, code)) is not None
    ]


def lists_to_decide(db: Session, cohort: CohortRef) -> list[LateJoiner]:
    """Return who joined a cohort after its start and missed workshops of which nothing is decided, by name."""
    late = db.execute(
        sa.select(col(Enrolment.id), col(Enrolment.joined_on), shown_name().label("name"))
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(
            col(Enrolment.cohort_id) == cohort.id,
            col(Enrolment.state) == EnrolmentState.ACTIVE,
            col(Enrolment.joined_on) > cohort.starts_on,
        )
        .order_by(col(Person.search_key), col(Enrolment.id))
    ).all()
    last_days = _missed_in(db, cohort.id, {row.id: row.joined_on for row in late}) if late else {}
    return [LateJoiner(enrolment_id=r.id, name=r.name, n=len(last_days[r.id])) for r in late if last_days[r.id]]


def _missed_in(db: Session, cohort_id: int, joined: Mapping[int, date]) -> dict[int, dict[str, date]]:
    """Return what enrolments of a cohort missed for good and is undecided, by enrolment, in two statements."""
    entry = (col(RollCallEntry.roll_call_id) == RollCall.id) & col(RollCallEntry.enrolment_id).in_(list(joined))
    rows = db.execute(
        sa.select(
            col(ScheduledSession.id),
            col(ScheduledSession.activity_code),
            col(ScheduledSession.starts_at),
            col(ScheduledSession.timezone),
            col(RollCallEntry.enrolment_id),
            col(RollCallEntry.minutes),
        )
        .select_from(ScheduledSession)
        .outerjoin(RollCall, (col(RollCall.session_id) == ScheduledSession.id) & not_superseded(RollCall))
        .outerjoin(RollCallEntry, entry)
        .where(col(ScheduledSession.cohort_id) == cohort_id, col(ScheduledSession.cancelled_at).is_(None))
    ).all()
    minutes = {(row.id, row.enrolment_id): row.minutes for row in rows}
    sessions = {row.id: row for row in rows}
    decided = sa.select(col(CatchUp.enrolment_id), col(CatchUp.activity_code)).where(
        col(CatchUp.enrolment_id).in_(list(joined)), not_superseded(CatchUp)
    )
    settled = defaultdict[int, set[str]](set)
    for enrolment_id, code in db.execute(decided):
        settled[enrolment_id].add(code)
    at = now()
    return {
        enrolment_id: missed(
            [
                HeldSession(
                    s.activity_code,
                    local(s.starts_at, s.timezone).date(),
                    has_begun(s.starts_at, at),
                    minutes.get((s.id, enrolment_id)),
                )
                for s in sessions.values()
            ],
            settled[enrolment_id],
            joined_on,
        )
        for enrolment_id, joined_on in joined.items()
    }
