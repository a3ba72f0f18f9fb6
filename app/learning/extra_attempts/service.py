"""Extra attempts: a coordinator opens one when those that everybody has are used."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.curricula.library import curriculum_of
from app.learning.activities.paths import activity_path
from app.learning.activities.service import lock_activity
from app.learning.extra_attempts.models import ExtraAttempt
from app.learning.extra_attempts.rules import extra_attempt_reasons
from app.learning.extra_attempts.schemas import ExtraAttemptCommand, ExtraAttemptShown
from app.learning.hand_ins.models import HandIn
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import refuse_unless
from app.platform.security.actor import Actor


def open_attempt(db: Session, actor: Actor, enrolment: EnrolmentRef, command: ExtraAttemptCommand) -> ExtraAttemptShown:
    """Open one more attempt at an assessment, and tell the person; raise ``Invalid`` while one is left.

    The enrolment is locked first: of two coordinators who open one at once, the second is refused.
    """
    code = command.activity_code
    context = lock_activity(db, enrolment, code)
    attempts = select(sa.func.count()).where(HandIn.enrolment_id == enrolment.id, HandIn.activity_code == code)
    opened = len(extra_attempts(db, enrolment, code))
    refuse_unless(*extra_attempt_reasons(context, attempts=db.exec(attempts).one(), opened=opened), code="invalid")
    row = ExtraAttempt(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        activity_code=code,
        reason=command.reason,
        opened_at=now(),
        opened_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    params = {"cohort": enrolment.cohort_title, "activity": curriculum_of(enrolment).activity(code).title.text}
    page = activity_path(enrolment.id, code)
    people = [enrolment.person_id]
    notify(db, Event(Kind.ATTEMPT_OPENED, f"extra_attempt:{row.id}", people, page, params, enrolment.college_id))
    return _load(db, ExtraAttempt.id == row.id)[0]


def extra_attempts(db: Session, enrolment: EnrolmentRef, activity_code: str) -> list[ExtraAttemptShown]:
    """Return the extra attempts at one activity, in order."""
    return _load(db, ExtraAttempt.enrolment_id == enrolment.id, ExtraAttempt.activity_code == activity_code)


def _load(db: Session, *where: Any) -> list[ExtraAttemptShown]:  # noqa: ANN401 - clauses of two libraries
    statement = (
        sa.select(
            col(ExtraAttempt.id),
            col(ExtraAttempt.enrolment_id),
            col(ExtraAttempt.activity_code),
            col(ExtraAttempt.reason),
            col(ExtraAttempt.opened_at),
            shown_name().label("opened_by"),
        )
        .join(Person, col(Person.id) == ExtraAttempt.opened_by)
        .where(*where)
        .order_by(col(ExtraAttempt.id))
    )
    return [ExtraAttemptShown.model_validate(row) for row in db.execute(statement)]
