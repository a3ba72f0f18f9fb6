"""What judgements rest on: the evidence of an enrolment, and the trainer's queue of hand-ins to judge."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, exists
from sqlalchemy import select as columns
from sqlmodel import col

from app.access import Actor, scoped
from app.accompaniment.models import Enterprise, Mandate, MandateAdvisor
from app.cohorts.models import Cohort, Enrolment, RollCall, RollCallEntry, ScheduledSession
from app.cohorts.schemas import EnrolmentRef
from app.curricula.library import default_library
from app.db import Session, now, standing
from app.grading.models import JudgementEvidence
from app.grading.rules import RUNNING, is_overdue
from app.grading.schemas import EvidenceKind, EvidenceShown, Queue, QueueItem
from app.learning.models import HandIn
from app.people.models import Person, shown_name
from app.text import local

# Evidence of an enrolment -----------------------------------------------------------------------


def evidence_of(session: Session, enrolment: EnrolmentRef) -> list[EvidenceShown]:
    """Hand-ins (formative ones apart), mandates and attended sessions of an enrolment, newest first in each kind."""
    return [*_hand_ins(session, enrolment), *_mandates(session, enrolment), *_sessions(session, enrolment)]


def _hand_ins(session: Session, enrolment: EnrolmentRef) -> Iterator[EvidenceShown]:
    placed = default_library().curriculum(enrolment.curriculum_slug, enrolment.curriculum_version).placed
    statement = (
        columns(
            col(HandIn.id),
            col(HandIn.activity_code),
            col(HandIn.attempt),
            col(HandIn.body),
            col(HandIn.file_name),
            col(HandIn.received_at),
        )
        .where(col(HandIn.enrolment_id) == enrolment.id)
        .order_by(col(HandIn.received_at).desc(), col(HandIn.id).desc())
    )
    for row in session.execute(statement).mappings():
        if row["activity_code"] in placed and not placed[row["activity_code"]][1].formative:
            on = local(row["received_at"], enrolment.timezone).date()
            yield EvidenceShown(kind=EvidenceKind.HAND_IN, on=on, **row)


def _mandates(session: Session, enrolment: EnrolmentRef) -> Iterator[EvidenceShown]:
    statement = (
        columns(col(Mandate.id), col(Mandate.opened_on), col(Mandate.title), col(Enterprise.name))
        .join(MandateAdvisor, col(MandateAdvisor.mandate_id) == Mandate.id)
        .join(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
        .where(col(MandateAdvisor.enrolment_id) == enrolment.id)
        .order_by(col(Mandate.opened_on).desc(), col(Mandate.id).desc())
    )
    for id_, on, title, enterprise in session.execute(statement):
        yield EvidenceShown(kind=EvidenceKind.MANDATE, id=id_, on=on, title=f"{title} – {enterprise}")


def _sessions(session: Session, enrolment: EnrolmentRef) -> Iterator[EvidenceShown]:
    statement = (
        columns(
            col(ScheduledSession.id),
            col(ScheduledSession.activity_code),
            col(ScheduledSession.starts_at),
            col(ScheduledSession.timezone),
            col(RollCallEntry.minutes),
        )
        .select_from(ScheduledSession)
        .join(RollCall, (col(RollCall.session_id) == ScheduledSession.id) & standing(RollCall))
        .join(RollCallEntry, col(RollCallEntry.roll_call_id) == RollCall.id)
        .where(
            col(RollCallEntry.enrolment_id) == enrolment.id,
            col(RollCallEntry.minutes) > 0,
            col(ScheduledSession.cancelled_at).is_(None),
        )
        .order_by(col(ScheduledSession.starts_at).desc(), col(ScheduledSession.id).desc())
    )
    for id_, code, starts_at, zone, minutes in session.execute(statement):
        on = local(starts_at, zone).date()
        yield EvidenceShown(kind=EvidenceKind.SESSION, id=id_, on=on, activity_code=code, minutes=minutes)


# The queue --------------------------------------------------------------------------------------


def queue(session: Session, actor: Actor) -> Queue:
    """The last attempt handed in for each activity by those whom the actor may judge, oldest first.

    Left out: the actor's own, formative activities, modules that assess nothing, and who no longer
    follows. A hand-in is judged when a judgement rests on it.
    """
    at = now()
    items = []
    total = 0
    for row in _latest(session, actor):
        curriculum = default_library().curriculum(row.curriculum_slug, row.curriculum_version)
        module, activity = curriculum.placed.get(row.activity_code, (None, None))
        if module is None or activity is None or activity.formative or not module.assesses:
            continue
        total += 1
        if row.judged:
            continue
        received_on, today = (local(moment, row.timezone).date() for moment in (row.received_at, at))
        items.append(
            QueueItem(
                hand_in_id=row.id,
                enrolment_id=row.enrolment_id,
                name=row.name,
                cohort_code=row.code,
                activity_code=row.activity_code,
                activity_title=activity.title.text,
                attempt=row.attempt,
                received_at=row.received_at,
                age_days=(today - received_on).days,
                is_late=is_overdue(received_on, today),
                competencies=tuple(target.competency for target in module.assesses),
            )
        )
    return Queue(judged=total - len(items), total=total, items=tuple(items))


def _latest(session: Session, actor: Actor) -> Iterator[Any]:  # rows with names
    judged: ColumnElement[bool] = exists().where(col(JudgementEvidence.hand_in_id) == HandIn.id)
    newest = HandIn.__table__.alias("newest")  # type: ignore[attr-defined]
    is_last = ~exists().where(
        newest.c.enrolment_id == HandIn.enrolment_id,
        newest.c.activity_code == HandIn.activity_code,
        newest.c.attempt > HandIn.attempt,
    )
    statement = (
        columns(
            col(HandIn.id),
            col(HandIn.enrolment_id),
            col(HandIn.activity_code),
            col(HandIn.attempt),
            col(HandIn.received_at),
            col(Enrolment.curriculum_slug),
            col(Enrolment.curriculum_version),
            col(Cohort.code),
            col(Cohort.timezone),
            shown_name().label("name"),
            judged.label("judged"),
        )
        .join(Enrolment, col(Enrolment.id) == HandIn.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(
            scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id),
            col(Enrolment.state).in_(RUNNING),
            col(Enrolment.person_id) != actor.person_id,
            is_last,
        )
        .order_by(col(HandIn.received_at), col(HandIn.id))
    )
    yield from session.execute(statement)
