"""Reminders of late work, once per person, work and due date."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import default_library
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.database.session import Session
from app.platform.messages.i18n import today
from app.progress.models import ProgressRow
from app.progress.risk.rules import late_work
from app.progress.schemas import Progress


def remind_of_late_work(db: Session) -> None:
    """Tell each person whose work was due lately and is not handed in; again only when it is due on another day."""
    statement = (
        sa.select(
            col(Enrolment.id), col(Enrolment.person_id), col(Enrolment.college_id), col(Enrolment.curriculum_slug),
            col(Enrolment.curriculum_version), col(Cohort.title), col(Cohort.timezone), col(ProgressRow.body),
        )
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(ProgressRow, col(ProgressRow.enrolment_id) == Enrolment.id)
        .where(
            col(Enrolment.state) == EnrolmentState.ACTIVE,
            col(Cohort.state) == CohortState.RUNNING,
            col(ProgressRow.next_due_on) < today(),
        )
        .order_by(col(Enrolment.id))
    )  # fmt: skip
    for row in db.execute(statement).all():
        notify(db, *_events(row, today(row.timezone)))


def _events(row: Any, day: date) -> Iterator[Event]:  # noqa: ANN401 - a row of the statement above
    curriculum = default_library().curriculum(row.curriculum_slug, row.curriculum_version)
    for code, due_on in late_work(Progress.model_validate(row.body), day):
        yield Event(
            Kind.WORK_LATE,
            f"work:{row.id}:{code}:{due_on}",
            [row.person_id],
            f"/parcours/{row.id}/activites/{code}",
            {"cohort": row.title, "activity": curriculum.activity(code).title.text, "due_on": due_on},
            row.college_id,
        )
