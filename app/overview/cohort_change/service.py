"""A change of a cohort's settings: what it changes for people, and the change once it was read."""

import sqlalchemy as sa
from sqlmodel import col

from app.attendance.calendar.models import ScheduledSession
from app.cohorts.enrolments.service import count_by_state
from app.cohorts.enums import EnrolmentState
from app.cohorts.lifecycle.service import effects_of, mark_of
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.settings import service as settings
from app.cohorts.settings.notices import KNOWING
from app.cohorts.settings.schemas import CohortChange, ConfirmChange
from app.curricula.library import curriculum_of
from app.learning.hand_ins.models import HandIn
from app.overview.cohort_change.rules import Affected, Follower, Sent, Terms, effects
from app.overview.cohort_change.schemas import ChangePreview, FieldChange
from app.platform.database.session import Session
from app.platform.errors import Conflict, Reason, refuse_unless
from app.platform.messages.i18n import local, today
from app.progress.models import ProgressRow
from app.progress.risk.rules import required_attendance_pct

E = EnrolmentState


def preview(db: Session, cohort: CohortRef, change: CohortChange) -> ChangePreview:
    """Return what a change would change, in the cohort's settings and for people, and what stands in its way."""
    return _preview(db, db.get_one(Cohort, cohort.id), change)


def check(db: Session, cohort: CohortRef, change: CohortChange) -> None:
    """Raise ``Invalid`` with each reason why a cohort may not change so."""
    refuse_unless(*settings.obstacles(db.get_one(Cohort, cohort.id), change), code="invalid")


def change_cohort(db: Session, cohort: CohortRef, command: ConfirmChange) -> CohortRef:
    """Change a cohort, under its lock; raise ``Conflict("cohort_changed")`` when the effects are not those shown.

    Raises ``Conflict``: ``cohort_archived``, ``seats_taken``; ``Invalid`` when it would end before it starts.
    """
    row = settings.lock_cohort(db, cohort)
    change = CohortChange(**command.model_dump(exclude={"shown"}))
    found = _preview(db, row, change)
    if found.allowed and command.shown != found.shown:  # else it says what stands in the way
        raise Conflict("cohort_changed", Reason("cohort_changed"))
    return settings.change_cohort(db, cohort, change)


def _preview(db: Session, row: Cohort, change: CohortChange) -> ChangePreview:
    changes = tuple(
        FieldChange(name=name, before=getattr(row, name), after=getattr(change, name))
        for name in CohortChange.model_fields
        if getattr(row, name) != getattr(change, name)
    )
    reasons = settings.obstacles(row, change)
    found = effects_of([] if reasons else effects(_terms(row), _terms(change), _affected(db, row)))
    marked = effects_of([Reason(c.name, {"before": str(c.before), "after": str(c.after)}) for c in changes])
    return ChangePreview(
        changes=changes,
        allowed=not reasons,
        obstacles=effects_of(reasons),
        effects=found,
        shown=mark_of(row.state, *marked, *effects_of(reasons), *found),
    )


def _terms(source: Cohort | CohortChange) -> Terms:
    return Terms(
        starts_on=source.starts_on,
        ends_on=source.ends_on,
        late_join_pct=source.late_join_pct,
        grace_hours=source.grace_hours,
        capacity=source.capacity,
        place=source.place,
    )


def _affected(db: Session, row: Cohort) -> Affected:
    """Return who and what a change may affect, in one statement for each kind, whatever their number."""
    ref = CohortRef.model_validate(row)
    curriculum, states = curriculum_of(ref), count_by_state(db, ref)
    weeks = {code: module.week for code, (module, activity) in curriculum.placed.items() if activity.is_assessment}
    followers = db.execute(
        sa.select(
            col(ProgressRow.next_due_on), col(ProgressRow.attended_minutes), col(ProgressRow.attendance_base_minutes)
        )
        .join(Enrolment, col(Enrolment.id) == ProgressRow.enrolment_id)
        .where(col(Enrolment.cohort_id) == row.id, col(Enrolment.state) == E.ACTIVE)
    )
    works = db.execute(
        sa.select(
            col(HandIn.enrolment_id),
            col(HandIn.activity_code),
            col(HandIn.received_at),
            col(HandIn.completed_at_declared),
        )
        .join(Enrolment, col(Enrolment.id) == HandIn.enrolment_id)
        .where(col(Enrolment.cohort_id) == row.id, col(HandIn.activity_code).in_(sorted(weeks)))
        .order_by(col(HandIn.attempt))
    )
    last_attempts = {(who, code): Sent(weeks[code], *moments) for who, code, *moments in works}
    sessions = db.execute(
        sa.select(col(ScheduledSession.starts_at), col(ScheduledSession.timezone)).where(
            col(ScheduledSession.cohort_id) == row.id, col(ScheduledSession.cancelled_at).is_(None)
        )
    )
    return Affected(
        followers=[Follower(*values) for values in followers],
        works=list(last_attempts.values()),
        session_days=[local(starts_at, zone).date() for starts_at, zone in sessions],
        people=sum(states[state] for state in KNOWING),
        seated=row.seated,
        zone=row.timezone,
        today=today(row.timezone),
        min_attendance_pct=required_attendance_pct(curriculum),
    )
