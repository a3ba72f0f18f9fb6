"""Activities done alone, and the desk that every write of a participant goes through.

Hand-ins and field hours have files of their own; ``FACTS`` is what they all tell the projection.
"""

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import default_library
from app.learning.activities.models import ActivityCompletion
from app.learning.activities.rules import Desk, completion_reasons
from app.learning.activities.schemas import CompletionCommand, CompletionShown
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason, refuse_unless
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.progress.path.service import progress_of


def desk(db: Session, enrolment: EnrolmentRef, activity_code: str) -> Desk:
    """The activity as it stands, its enrolment locked until the transaction ends and found active.

    The lock makes writers of one enrolment take turns, so that what a rule counted is still true when the
    fact is kept.
    """
    lock_active(db, enrolment)
    curriculum = default_library().curriculum(enrolment.curriculum_slug, enrolment.curriculum_version)
    if activity_code not in curriculum.placed:
        raise Invalid("invalid", Reason("unknown_activity", {"activity": activity_code}, "activity_code"))
    return Desk(
        activity=curriculum.activity(activity_code),
        standing=progress_of(db, enrolment).activity(activity_code),
        starts_on=db.exec(select(col(Cohort.starts_on)).where(Cohort.id == enrolment.cohort_id)).one(),
        today=today(enrolment.timezone),
    )


def lock_active(db: Session, enrolment: EnrolmentRef) -> None:
    """Only who follows the cohort now leaves facts."""
    lock = select(Enrolment.state).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)
    if db.exec(lock).one() is not EnrolmentState.ACTIVE:
        raise Conflict("not_active", Reason("not_active"))


def complete(db: Session, actor: Actor, enrolment: EnrolmentRef, command: CompletionCommand) -> CompletionShown:
    """Mark an activity done, or take it back; saying again what is already said changes nothing."""
    found = desk(db, enrolment, command.activity_code)
    done_on = command.done_on or found.today
    refuse_unless(*completion_reasons(found, done=command.done, done_on=done_on), code="invalid")
    before = db.exec(_current(enrolment).where(ActivityCompletion.activity_code == command.activity_code)).first()
    if before is None and not command.done:
        raise Conflict("not_marked_done")
    if before is not None and _says_the_same(before, command):
        return CompletionShown.model_validate(before)
    row = ActivityCompletion(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        activity_code=command.activity_code,
        done=command.done,
        done_on=done_on,
        recorded_at=now(),
        recorded_by=actor.person_id,
        supersedes_id=before.id if before is not None else None,
    )
    db.add(row)
    db.flush()
    return CompletionShown.model_validate(row)


def _says_the_same(row: ActivityCompletion, command: CompletionCommand) -> bool:
    same_day = not command.done or command.done_on is None or command.done_on == row.done_on
    return row.done == command.done and same_day


def _current(enrolment: EnrolmentRef) -> SelectOfScalar[ActivityCompletion]:
    return select(ActivityCompletion).where(
        ActivityCompletion.enrolment_id == enrolment.id, not_superseded(ActivityCompletion)
    )


def completions(db: Session, enrolment: EnrolmentRef) -> list[CompletionShown]:
    """What someone last said of each activity done alone, by code."""
    rows = db.exec(_current(enrolment).order_by(col(ActivityCompletion.activity_code))).all()
    return [CompletionShown.model_validate(row) for row in rows]
