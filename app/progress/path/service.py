"""Reading someone's path: the stored projection, one's own enrolments, the session that comes next."""

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
from app.progress.rules import is_late
from app.progress.schemas import PathSummary, Progress, StoredProgress, attendance_pct


def stored_progress(db: Session, actor: Actor, enrolment_id: int) -> StoredProgress:
    """The hot read: the row of an enrolment within reach, its JSON as text, in one statement."""
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    found = db.execute(
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
    if found is None:
        raise NotFound
    log_access(db, [(found.person_id, found.college_id)])
    return StoredProgress.model_validate(found)


def progress_of(db: Session, enrolment: EnrolmentRef) -> Progress:
    """The projection of an enrolment that was seen."""
    body = db.exec(select(ProgressRow.body).where(ProgressRow.enrolment_id == enrolment.id)).one()
    return Progress.model_validate(body)


def paths_of(db: Session, person_id: int) -> list[PathSummary]:
    """Someone's own enrolments with their figures, newest cohort first."""
    found = db.execute(
        sa.select(
            col(ProgressRow.enrolment_id),
            col(Cohort.title).label("cohort_title"),
            col(Cohort.timezone),
            *(col(getattr(Enrolment, name)) for name in ("curriculum_slug", "curriculum_version", "state")),
            *(
                col(getattr(ProgressRow, name))
                for name in (
                    "recognised_minutes",
                    "planned_minutes",
                    "attended_minutes",
                    "attendance_base_minutes",
                    "modules_done",
                    "modules_total",
                    "next_due_on",
                    "eligible",
                )
            ),
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
        for row in found
    ]
