"""Evidence of an enrolment: hand-ins, mandates with the hours worked under them, attended sessions.

Hours in the field are no evidence by themselves: what they were spent on is judged by the mandate and by what the
module hands in (BR-12).
"""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlmodel import col

from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.field_hours.models import Countersignature, FieldHours
from app.accompaniment.mandates.models import Mandate, MandateAdvisor
from app.attendance.calendar.models import ScheduledSession
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Enrolment
from app.curricula.library import curriculum_of
from app.grading.enums import EvidenceKind
from app.grading.schemas import EvidenceRef, EvidenceShown
from app.grading.team_traces.models import TraceShare
from app.learning.hand_ins.models import HandIn
from app.people.models import Person, shown_name
from app.platform.database.rows import Columns, not_superseded
from app.platform.database.session import Session
from app.platform.messages.i18n import local


def evidence_of(db: Session, enrolment: EnrolmentRef) -> list[EvidenceShown]:
    """Return the hand-ins (except formative ones), mandates and attended sessions, newest first in each kind.

    A trace that a team mate deposited is among them, with its author.
    """
    return [*_hand_ins(db, enrolment), *_mandates(db, enrolment), *_sessions(db, enrolment)]


def evidence_refs(db: Session, enrolment: EnrolmentRef) -> dict[EvidenceRef, str | None]:
    """Return the same as references alone, with the activity of each, in one statement."""
    statements: tuple[Columns, ...] = (
        _HAND_INS.where(_is_judged(enrolment)).with_only_columns(
            sa.literal(EvidenceKind.HAND_IN.value).label("kind"), col(HandIn.id).label("id"), col(HandIn.activity_code)
        ),
        _MANDATES.with_only_columns(sa.literal(EvidenceKind.MANDATE.value), col(Mandate.id), sa.null()),
        _SESSIONS.with_only_columns(
            sa.literal(EvidenceKind.SESSION.value), col(ScheduledSession.id), col(ScheduledSession.activity_code)
        ),
    )
    rows = db.execute(sa.union_all(*(s.order_by(None) for s in statements)), {"enrolment": enrolment.id})
    return {EvidenceRef(kind=EvidenceKind(kind), id=id_): code for kind, id_, code in rows}


def _is_judged(enrolment: EnrolmentRef) -> ColumnElement[bool]:
    """Return the condition that a hand-in may support a level.

    It belongs to an activity of the path that is not formative. A trace is judged on its own by nobody, and supports
    what a module assesses; that of a module that assesses nothing enters no result.
    """
    judged = [
        code
        for code, (module, activity) in curriculum_of(enrolment).placed.items()
        if not activity.formative and (activity.is_assessment or module.assesses)
    ]
    return col(HandIn.activity_code).in_(sorted(judged))


_OF = sa.bindparam("enrolment", type_=sa.Integer)
_OWN_OR_OF_TEAM = sa.union_all(
    sa.select(col(HandIn.id)).where(col(HandIn.enrolment_id) == _OF),
    sa.select(col(TraceShare.hand_in_id)).where(
        col(TraceShare.enrolment_id) == _OF, col(TraceShare.ended_at).is_(None)
    ),
)
"""What the enrolment's person handed in, and the traces that a team mate deposited for them too."""
_TEAM_MATE = (
    sa.select(shown_name())
    .join_from(Enrolment, Person, col(Person.id) == Enrolment.person_id)
    .where(col(Enrolment.id) == HandIn.enrolment_id, col(Enrolment.id) != _OF)
    .scalar_subquery()
)
_HAND_INS = (
    sa.select(
        col(HandIn.id),
        col(HandIn.activity_code),
        col(HandIn.attempt),
        col(HandIn.body),
        col(HandIn.link),
        col(HandIn.file_name),
        col(HandIn.file_type),
        col(HandIn.received_at),
        _TEAM_MATE.label("author"),
    )
    .where(col(HandIn.id).in_(_OWN_OR_OF_TEAM))
    .order_by(col(HandIn.received_at).desc(), col(HandIn.id).desc())
)
_ACCEPTED = (
    sa.select(func.sum(col(FieldHours.minutes)))
    .join(Countersignature, col(Countersignature.field_hours_id) == FieldHours.id)
    .where(
        col(FieldHours.mandate_id) == Mandate.id,
        col(FieldHours.enrolment_id) == _OF,
        col(Countersignature.accepted),
        not_superseded(Countersignature),
    )
    .correlate(Mandate)
    .scalar_subquery()
)
"""The minutes of the enrolment under a mandate that a coordinator accepted."""
_MANDATES = (
    sa.select(col(Mandate.id), col(Mandate.opened_on), col(Mandate.title), col(Enterprise.name), _ACCEPTED)
    .join(MandateAdvisor, col(MandateAdvisor.mandate_id) == Mandate.id)
    .join(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
    .where(col(MandateAdvisor.enrolment_id) == _OF)
    .order_by(col(Mandate.opened_on).desc(), col(Mandate.id).desc())
)
_SESSIONS = (
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
        col(RollCallEntry.enrolment_id) == _OF,
        col(RollCallEntry.minutes) > 0,
        col(ScheduledSession.cancelled_at).is_(None),
    )
    .order_by(col(ScheduledSession.starts_at).desc(), col(ScheduledSession.id).desc())
)


def _hand_ins(db: Session, enrolment: EnrolmentRef) -> Iterator[EvidenceShown]:
    for row in db.execute(_HAND_INS.where(_is_judged(enrolment)), {"enrolment": enrolment.id}).mappings():
        on = local(row["received_at"], enrolment.timezone).date()
        yield EvidenceShown(kind=EvidenceKind.HAND_IN, on=on, **row)


def _mandates(db: Session, enrolment: EnrolmentRef) -> Iterator[EvidenceShown]:
    for id_, on, title, enterprise, minutes in db.execute(_MANDATES, {"enrolment": enrolment.id}):
        yield EvidenceShown(kind=EvidenceKind.MANDATE, id=id_, on=on, title=f"{title} – {enterprise}", minutes=minutes)


def _sessions(db: Session, enrolment: EnrolmentRef) -> Iterator[EvidenceShown]:
    for id_, code, starts_at, zone, minutes in db.execute(_SESSIONS, {"enrolment": enrolment.id}):
        on = local(starts_at, zone).date()
        yield EvidenceShown(kind=EvidenceKind.SESSION, id=id_, on=on, activity_code=code, minutes=minutes)
