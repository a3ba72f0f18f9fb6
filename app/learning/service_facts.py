"""What learning tells the progress projection: activities done, hand-ins received, field time."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select as columns
from sqlmodel import col, select

from app.cohorts.models import Cohort, Enrolment
from app.db import Session, standing
from app.learning.models import ActivityCompletion, Countersignature, FieldHours, HandIn
from app.progress.facts import ActivityDone, Fact, FieldTime, HandedIn
from app.progress.service import FactSource, Ids, among, own
from app.text import local

_COMPLETIONS = columns(
    col(ActivityCompletion.enrolment_id), col(ActivityCompletion.activity_code), col(ActivityCompletion.done_on)
).where(among(ActivityCompletion.enrolment_id), standing(ActivityCompletion), col(ActivityCompletion.done))

_HAND_INS = (
    columns(
        col(HandIn.enrolment_id),
        col(HandIn.activity_code),
        col(HandIn.received_at),
        col(HandIn.attempt),
        col(Cohort.timezone),
    )
    .join(Enrolment, col(Enrolment.id) == HandIn.enrolment_id)
    .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
    .where(among(HandIn.enrolment_id))
)

_HOURS = (
    columns(
        col(FieldHours.enrolment_id),
        col(FieldHours.id),
        col(FieldHours.activity_code),
        col(FieldHours.worked_on),
        col(FieldHours.minutes),
        col(Countersignature.accepted),
    )
    .select_from(FieldHours)
    .outerjoin(Countersignature, (col(Countersignature.field_hours_id) == FieldHours.id) & standing(Countersignature))
    .where(among(FieldHours.enrolment_id))
)


def _load_completions(session: Session, ids: Ids) -> Iterable[tuple[int, Fact]]:
    for enrolment_id, code, done_on in session.execute(_COMPLETIONS, {"ids": ids}):
        yield enrolment_id, ActivityDone(code, done_on)


def _load_hand_ins(session: Session, ids: Ids) -> Iterable[tuple[int, Fact]]:
    for enrolment_id, code, received_at, attempt, zone in session.execute(_HAND_INS, {"ids": ids}):
        yield enrolment_id, HandedIn(code, local(received_at, zone).date(), attempt)


def _load_hours(session: Session, ids: Ids) -> Iterable[tuple[int, Fact]]:
    for enrolment_id, hours_id, code, worked_on, minutes, accepted in session.execute(_HOURS, {"ids": ids}):
        yield enrolment_id, FieldTime(hours_id, code, worked_on, minutes, accepted)


def _of_countersignatures(session: Session, rows: Sequence[Any]) -> Iterable[int]:
    ids = [row.field_hours_id for row in rows]
    return session.exec(select(FieldHours.enrolment_id).where(col(FieldHours.id).in_(ids))).all()


FACTS = (
    FactSource(touched={ActivityCompletion: own}, load=_load_completions),
    FactSource(touched={HandIn: own}, load=_load_hand_ins),
    FactSource(touched={FieldHours: own, Countersignature: _of_countersignatures}, load=_load_hours),
)
