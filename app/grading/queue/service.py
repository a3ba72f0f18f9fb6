"""The trainer's queue of hand-ins to judge, read with one query."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, exists
from sqlmodel import col

from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import curriculum_of
from app.grading.models import JudgementEvidence
from app.grading.rules import RUNNING, is_overdue
from app.grading.schemas import Queue, QueueItem
from app.learning.hand_ins.models import HandIn
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.messages.i18n import local
from app.platform.security.actor import Actor, scoped


def load_queue(db: Session, actor: Actor) -> Queue:
    """Return the last attempt of each activity by the people whom the actor may judge, oldest first.

    Left out: the actor's own hand-ins, formative activities, modules that assess nothing, and enrolments
    that are not running. A hand-in is judged when a judgement rests on it.
    """
    at = now()
    items = []
    total = 0
    for row in _last_attempts(db, actor):
        module, activity = curriculum_of(row).placed.get(row.activity_code, (None, None))
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
                sort_name=row.search_key,
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


def _last_attempts(db: Session, actor: Actor) -> Iterator[Any]:
    judged: ColumnElement[bool] = exists().where(col(JudgementEvidence.hand_in_id) == HandIn.id)
    newest = HandIn.__table__.alias("newest")  # type: ignore[attr-defined]
    is_last = ~exists().where(
        newest.c.enrolment_id == HandIn.enrolment_id,
        newest.c.activity_code == HandIn.activity_code,
        newest.c.attempt > HandIn.attempt,
    )
    statement = (
        sa.select(
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
            col(Person.search_key),
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
    yield from db.execute(statement)
