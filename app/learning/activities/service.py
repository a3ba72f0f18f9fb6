"""Activities done alone, and the lock under which a participant writes on any activity."""

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.service import refuse_archived
from app.curricula.library import curriculum_of, default_library
from app.learning.activities.models import ActivityCompletion
from app.learning.activities.rules import ActivityContext, completion_reasons
from app.learning.activities.schemas import CompletionCommand, CompletionShown
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason, refuse_unless
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.progress.path.service import progress_of


def lock_activity(
    db: Session, enrolment: EnrolmentRef, activity_code: str, *, is_extract: bool = False
) -> ActivityContext:
    """Lock an active enrolment until the transaction ends and return the context of an activity of its path.

    The lock makes writers of one enrolment take turns, so that what a rule counted is still true when the
    row is written. Raise ``Conflict`` when the enrolment is not active, ``Invalid`` for an unknown activity.
    """
    lock_active(db, enrolment)
    curriculum = curriculum_of(enrolment)
    if activity_code not in curriculum.placed:
        raise Invalid("invalid", Reason("unknown_activity", {"activity": activity_code}, "activity_code"))
    return ActivityContext(
        activity=curriculum.activity(activity_code),
        progress=progress_of(db, enrolment).activity(activity_code),
        starts_on=db.exec(select(col(Cohort.starts_on)).where(Cohort.id == enrolment.cohort_id)).one(),
        today=today(enrolment.timezone),
        takes_trace=default_library().takes_trace(curriculum, activity_code),
        is_extract=is_extract,
    )


def lock_active(db: Session, enrolment: EnrolmentRef) -> None:
    """Lock an enrolment until the transaction ends.

    Raises ``Conflict``: ``cohort_archived``, or ``not_active`` when the enrolment is not.
    """
    states = select(Enrolment.state, Cohort.state).join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
    lock = states.where(Enrolment.id == enrolment.id).with_for_update(key_share=True, of=Enrolment)
    state, cohort_state = db.exec(lock).one()
    refuse_archived(CohortState(cohort_state))
    if state is not EnrolmentState.ACTIVE:
        raise Conflict("not_active", Reason("not_active"))


def complete(db: Session, actor: Actor, enrolment: EnrolmentRef, command: CompletionCommand) -> CompletionShown:
    """Mark an activity done, or not done after all; repeating the last mark changes nothing."""
    context = lock_activity(db, enrolment, command.activity_code)
    done_on = command.done_on or context.today
    refuse_unless(*completion_reasons(context, done=command.done, done_on=done_on), code="invalid")
    last = db.exec(_last_marks(enrolment).where(ActivityCompletion.activity_code == command.activity_code)).first()
    if last is None and not command.done:
        raise Conflict("not_marked_done")
    if last is not None and _is_repeated(last, command):
        return CompletionShown.model_validate(last)
    row = ActivityCompletion(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        activity_code=command.activity_code,
        done=command.done,
        done_on=done_on,
        recorded_at=now(),
        recorded_by=actor.person_id,
        supersedes_id=last.id if last is not None else None,
    )
    db.add(row)
    db.flush()
    return CompletionShown.model_validate(row)


def _is_repeated(row: ActivityCompletion, command: CompletionCommand) -> bool:
    same_day = not command.done or command.done_on is None or command.done_on == row.done_on
    return row.done == command.done and same_day


def _last_marks(enrolment: EnrolmentRef) -> SelectOfScalar[ActivityCompletion]:
    return select(ActivityCompletion).where(
        ActivityCompletion.enrolment_id == enrolment.id, not_superseded(ActivityCompletion)
    )


def completions(db: Session, enrolment: EnrolmentRef) -> list[CompletionShown]:
    """Return the last mark on each activity done alone, by activity code."""
    rows = db.exec(_last_marks(enrolment).order_by(col(ActivityCompletion.activity_code))).all()
    return [CompletionShown.model_validate(row) for row in rows]
