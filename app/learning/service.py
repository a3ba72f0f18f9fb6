"""Activities done alone, and the desk that every write of a participant goes through.

Hand-ins and field hours have files of their own; ``FACTS`` is what they all tell the projection.
"""

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.access import Actor
from app.cohorts.models import Cohort, Enrolment, EnrolmentState
from app.cohorts.schemas import EnrolmentRef
from app.curricula.library import default_library
from app.db import Session, now, standing
from app.errors import Conflict, Invalid, Reason, refuse_unless
from app.learning import service_facts
from app.learning.models import ActivityCompletion
from app.learning.rules import Desk, completion_reasons
from app.learning.schemas import CompletionCommand, CompletionShown
from app.progress.service_path import progress_of
from app.text import today

FACTS = service_facts.FACTS


def desk(session: Session, enrolment: EnrolmentRef, activity_code: str) -> Desk:
    """The activity as it stands, its enrolment locked until the transaction ends and found active.

    The lock makes writers of one enrolment take turns, so that what a rule counted is still true when the
    fact is kept.
    """
    lock_active(session, enrolment)
    curriculum = default_library().curriculum(enrolment.curriculum_slug, enrolment.curriculum_version)
    if activity_code not in curriculum.placed:
        raise Invalid("invalid", Reason("unknown_activity", {"activity": activity_code}, "activity_code"))
    return Desk(
        activity=curriculum.activity(activity_code),
        standing=progress_of(session, enrolment).activity(activity_code),
        starts_on=session.exec(select(col(Cohort.starts_on)).where(Cohort.id == enrolment.cohort_id)).one(),
        today=today(enrolment.timezone),
    )


def lock_active(session: Session, enrolment: EnrolmentRef) -> None:
    """Only who follows the cohort now leaves facts."""
    lock = select(Enrolment.state).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)
    if session.exec(lock).one() is not EnrolmentState.ACTIVE:
        raise Conflict("not_active", Reason("not_active"))


def complete(session: Session, actor: Actor, enrolment: EnrolmentRef, command: CompletionCommand) -> CompletionShown:
    """Mark an activity done, or take it back; saying again what is already said changes nothing."""
    found = desk(session, enrolment, command.activity_code)
    done_on = command.done_on or found.today
    refuse_unless(*completion_reasons(found, done=command.done, done_on=done_on), code="invalid")
    before = session.exec(_current(enrolment).where(ActivityCompletion.activity_code == command.activity_code)).first()
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
    session.add(row)
    session.flush()
    return CompletionShown.model_validate(row)


def _says_the_same(row: ActivityCompletion, command: CompletionCommand) -> bool:
    same_day = not command.done or command.done_on is None or command.done_on == row.done_on
    return row.done == command.done and same_day


def _current(enrolment: EnrolmentRef) -> SelectOfScalar[ActivityCompletion]:
    return select(ActivityCompletion).where(
        ActivityCompletion.enrolment_id == enrolment.id, standing(ActivityCompletion)
    )


def completions(session: Session, enrolment: EnrolmentRef) -> list[CompletionShown]:
    """What someone last said of each activity done alone, by code."""
    rows = session.exec(_current(enrolment).order_by(col(ActivityCompletion.activity_code))).all()
    return [CompletionShown.model_validate(row) for row in rows]
