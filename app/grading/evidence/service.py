"""Evidence of an enrolment: hand-ins, mandates and attended sessions."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import col

from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.mandates.models import Mandate, MandateAdvisor
from app.attendance.calendar.models import ScheduledSession
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.curricula.library import curriculum_of
from app.grading.enums import EvidenceKind
from app.grading.schemas import EvidenceShown
from app.learning.hand_ins.models import HandIn
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.messages.i18n import local


def evidence_of(db: Session, enrolment: EnrolmentRef) -> list[EvidenceShown]:
    """Return the hand-ins (except formative ones), mandates and attended sessions, newest first in each kind."""
    return [*_hand_ins(db, enrolment), *_mandates(db, enrolment), *_sessions(db, enrolment)]


def _hand_ins(db: Session, enrolment: EnrolmentRef) -> Iterator[EvidenceShown]:
    placed = curriculum_of(enrolment).placed
    statement = (
        sa.select(
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
    for row in db.execute(statement).mappings():
        if row["activity_code"] in placed and not placed[row["activity_code"]][1].formative:
            on = local(row["received_at"], enrolment.timezone).date()
            yield EvidenceShown(kind=EvidenceKind.HAND_IN, on=on, **row)


def _mandates(db: Session, enrolment: EnrolmentRef) -> Iterator[EvidenceShown]:
    statement = (
        sa.select(col(Mandate.id), col(Mandate.opened_on), col(Mandate.title), col(Enterprise.name))
        .join(MandateAdvisor, col(MandateAdvisor.mandate_id) == Mandate.id)
        .join(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
        .where(col(MandateAdvisor.enrolment_id) == enrolment.id)
        .order_by(col(Mandate.opened_on).desc(), col(Mandate.id).desc())
    )
    for id_, on, title, enterprise in db.execute(statement):
        yield EvidenceShown(kind=EvidenceKind.MANDATE, id=id_, on=on, title=f"{title} – {enterprise}")


def _sessions(db: Session, enrolment: EnrolmentRef) -> Iterator[EvidenceShown]:
    statement = (
        sa.select(
            col(ScheduledSession.id),
            col(ScheduledSession.activity_code),
            col(ScheduledSession.starts_at),
            col(ScheduledSession.timezone),
            col(RollCallEntry.minutes),
        )
        .select_from(ScheduledSession)
        .join(RollCall, (col(RollCall.session_id) == ScheduledSession.id) & not_superseded(RollCall))
        .join(RollCallEntry, col(RollCallEntry.roll_call_id) == RollCall.id)
        .where(
            col(RollCallEntry.enrolment_id) == enrolment.id,
            col(RollCallEntry.minutes) > 0,
            col(ScheduledSession.cancelled_at).is_(None),
        )
        .order_by(col(ScheduledSession.starts_at).desc(), col(ScheduledSession.id).desc())
    )
    for id_, code, starts_at, zone, minutes in db.execute(statement):
        on = local(starts_at, zone).date()
        yield EvidenceShown(kind=EvidenceKind.SESSION, id=id_, on=on, activity_code=code, minutes=minutes)
