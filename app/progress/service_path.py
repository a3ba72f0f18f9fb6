"""Reading someone's path: the stored projection, one's own enrolments, the session that comes next."""

from sqlalchemy import Text, cast
from sqlalchemy import select as columns
from sqlmodel import col, select

from app.access import Actor, scoped
from app.audit import viewed
from app.cohorts.models import Cohort, Enrolment, ScheduledSession
from app.cohorts.schemas import EnrolmentRef
from app.db import Session, now
from app.errors import NotFound
from app.progress.models import ProgressRow
from app.progress.rules import is_late
from app.progress.schemas import ComingSession, PathSummary, Progress, StoredProgress, attendance_pct
from app.text import today


def stored_progress(session: Session, actor: Actor, enrolment_id: int) -> StoredProgress:
    """The hot read: the row of an enrolment within reach, its JSON as text, in one statement."""
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    found = session.execute(
        columns(
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
    viewed(session, [(found.person_id, found.college_id)])
    return StoredProgress.model_validate(found)


def progress_of(session: Session, enrolment: EnrolmentRef) -> Progress:
    """The projection of an enrolment that was seen."""
    body = session.exec(select(ProgressRow.body).where(ProgressRow.enrolment_id == enrolment.id)).one()
    return Progress.model_validate(body)


def paths_of(session: Session, person_id: int) -> list[PathSummary]:
    """Someone's own enrolments with their figures, newest cohort first."""
    found = session.execute(
        columns(
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


def coming_session(session: Session, enrolment: EnrolmentRef) -> ComingSession | None:
    """The next session of the enrolment's cohort that is not cancelled."""
    row = session.exec(
        select(ScheduledSession)
        .where(
            ScheduledSession.cohort_id == enrolment.cohort_id,
            col(ScheduledSession.cancelled_at).is_(None),
            col(ScheduledSession.starts_at) > now(),
        )
        .order_by(col(ScheduledSession.starts_at), col(ScheduledSession.id))
        .limit(1)
    ).first()
    return ComingSession.model_validate(row) if row is not None else None
