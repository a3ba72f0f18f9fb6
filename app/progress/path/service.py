"""Read the stored progress of an enrolment, and of all the enrolments of a person."""

import sqlalchemy as sa
from sqlalchemy import Text, cast
from sqlmodel import col, select

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.platform.audit.access_log import log_access
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor, scoped
from app.progress.models import ProgressRow
from app.progress.risk.rules import is_late
from app.progress.schemas import PathSummary, Progress, StoredProgress, attendance_pct


def see_stored_progress(db: Session, actor: Actor, enrolment_id: int) -> StoredProgress:
    """Return the stored progress of an enrolment within the actor's reach; raise ``NotFound`` otherwise.

    A hot read: one statement, the JSON as text.
    """
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    row = db.execute(
        sa.select(
            col(ProgressRow.version),
            cast(col(ProgressRow.body), Text).label("body"),
            col(Cohort.timezone),
            col(Enrolment.person_id),
            col(Enrolment.college_id),
        )
        .join(Enrolment, col(Enrolment.id) == ProgressRow.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .where(col(ProgressRow.enrolment_id) == enrolment_id, within)
    ).one_or_none()
    if row is None:
        raise NotFound
    log_access(db, [(row.person_id, row.college_id)])
    return StoredProgress.model_validate(row)


def progress_of(db: Session, enrolment: EnrolmentRef) -> Progress:
    """Return the stored progress of an enrolment."""
    body = db.exec(select(ProgressRow.body).where(ProgressRow.enrolment_id == enrolment.id)).one()
    return Progress.model_validate(body)


def paths_of(db: Session, person_id: int) -> list[PathSummary]:
    """Return a person's enrolments with their figures, newest cohort first (for themself: it checks no reach)."""
    rows = db.execute(
        sa.select(
            col(ProgressRow.enrolment_id),
            col(Cohort.title).label("cohort_title"),
            col(Cohort.timezone),
            col(Enrolment.curriculum_slug),
            col(Enrolment.curriculum_version),
            col(Enrolment.state),
            col(ProgressRow.recognised_minutes),
            col(ProgressRow.planned_minutes),
            col(ProgressRow.attended_minutes),
            col(ProgressRow.attendance_base_minutes),
            col(ProgressRow.modules_done),
            col(ProgressRow.modules_total),
            col(ProgressRow.next_due_on),
            col(ProgressRow.eligible),
        )
        .join(Enrolment, col(Enrolment.id) == ProgressRow.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .where(col(Enrolment.person_id) == person_id)
        .order_by(col(Cohort.starts_on).desc(), col(Enrolment.id))
    ).mappings()
    return [
        PathSummary(
            **row,
            attendance_pct=attendance_pct(row["attended_minutes"], row["attendance_base_minutes"]),
            late=is_late(row["next_due_on"], today(row["timezone"])),
        )
        for row in rows
    ]
