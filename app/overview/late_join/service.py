"""The catch-up list of an enrolment: what was missed, what catches up each, and the decision of the whole (S2)."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import col

from app.attendance.calendar.models import ScheduledSession
from app.attendance.catch_ups import service as catch_ups
from app.attendance.catch_ups.schemas import CatchUpListCommand
from app.codev.groups.models import CodevMembership
from app.codev.sessions.models import CodevSession
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort
from app.curricula.library import curriculum_of
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.overview.late_join.enums import How
from app.overview.late_join.rules import Situation, passed_modules
from app.overview.late_join.schemas import CatchUpList, PassedModule
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.messages.i18n import local, today
from app.platform.security.actor import Actor
from app.progress.path.service import progress_of


def catch_up_list(db: Session, enrolment: EnrolmentRef) -> CatchUpList:
    """Return every module and session that the person missed, and what catches up each; none before they joined."""
    modules: tuple[PassedModule, ...] = ()
    if enrolment.joined_on is not None:
        situation = _situation(db, enrolment, enrolment.joined_on)
        modules = passed_modules(curriculum_of(enrolment), progress_of(db, enrolment), situation)
    activities = [a for module in modules for a in module.activities]
    return CatchUpList(
        enrolment_id=enrolment.id,
        joined_on=enrolment.joined_on,
        to_decide=sum(a.how is How.TO_DECIDE for a in activities),
        assigned_minutes=sum(a.minutes for a in activities if a.how is How.ASSIGNED),
        waived_minutes=sum(a.minutes for a in activities if a.how is How.WAIVED),
        modules=modules,
    )


def decide(db: Session, actor: Actor, enrolment: EnrolmentRef, command: CatchUpListCommand) -> CatchUpList:
    """Decide of the whole list, and tell the person if anything is new; refused as ``catch_ups.decide_list`` is."""
    is_new = catch_ups.decide_list(db, actor, enrolment, command.items)
    decided = catch_up_list(db, enrolment)
    if not is_new:
        return decided
    key = f"catch_up_list:{enrolment.id}:{now().isoformat()}"
    params = {"cohort": enrolment.cohort_title, "minutes": decided.assigned_minutes}
    page = f"/inscriptions/{enrolment.id}/liste-de-rattrapage"
    notify(db, Event(Kind.CATCH_UPS_DECIDED, key, [enrolment.person_id], page, params, enrolment.college_id))
    return decided


def _situation(db: Session, enrolment: EnrolmentRef, joined_on: date) -> Situation:
    coming = (
        sa.select(col(ScheduledSession.activity_code), col(ScheduledSession.starts_at), col(ScheduledSession.timezone))
        .where(
            col(ScheduledSession.cohort_id) == enrolment.cohort_id,
            col(ScheduledSession.cancelled_at).is_(None),
            col(ScheduledSession.starts_at) > now(),
        )
        .order_by(col(ScheduledSession.starts_at).desc())
    )
    return Situation(
        joined_on=joined_on,
        day=today(enrolment.timezone),
        ends_on=db.get_one(Cohort, enrolment.cohort_id).ends_on,
        missed={m.activity_code: m.on for m in catch_ups.missed_by(db, enrolment)},
        decided={c.activity_code: c for c in catch_ups.catch_ups(db, enrolment)},
        coming={code: local(starts_at, zone).date() for code, starts_at, zone in db.execute(coming)},
        codev_held=_codev_held(db, enrolment),
    )


def _codev_held(db: Session, enrolment: EnrolmentRef) -> frozenset[str] | None:
    """Return the codevelopment activities of which the person's group has begun a session; ``None`` without a group."""
    is_held = (
        (col(CodevSession.group_id) == CodevMembership.group_id)
        & col(CodevSession.cancelled_at).is_(None)
        & (col(CodevSession.starts_at) <= now())
    )
    statement = (
        sa.select(col(CodevSession.activity_code))
        .select_from(CodevMembership)
        .outerjoin(CodevSession, is_held)
        .where(col(CodevMembership.enrolment_id) == enrolment.id, col(CodevMembership.left_on).is_(None))
    )
    rows = db.execute(statement).scalars().all()
    return frozenset(code for code in rows if code is not None) if rows else None
