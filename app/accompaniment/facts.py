"""The facts that accompaniment gives to progress: confirmed milestones for each advisor's enrolment, and field time."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.accompaniment.field_hours.models import Countersignature, FieldHours
from app.accompaniment.mandates.milestones import milestone_dates
from app.accompaniment.mandates.models import Mandate, MandateAdvisor, MandateMilestone, MilestoneConfirmation
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.progress.facts import FieldTime, MandateDone
from app.progress.service import FactQuery, FactSource, named_enrolments, of_enrolments

_DATES = milestone_dates(confirmed=True)
_MANDATES = (
    sa.select(
        col(MandateAdvisor.enrolment_id), col(Mandate.id), col(Mandate.kind), col(Mandate.enterprise_id),
        _DATES.c.agreement_on, _DATES.c.diagnostic_on, _DATES.c.plan_on,
    )
    .join(Mandate, col(Mandate.id) == MandateAdvisor.mandate_id)
    .outerjoin(_DATES, _DATES.c.mandate_id == Mandate.id)
    .where(of_enrolments(MandateAdvisor.enrolment_id))
)  # fmt: skip

_HOURS = (
    sa.select(
        col(FieldHours.enrolment_id),
        col(FieldHours.id),
        col(FieldHours.activity_code),
        col(FieldHours.worked_on),
        col(FieldHours.minutes),
        col(Countersignature.accepted),
    )
    .select_from(FieldHours)
    .outerjoin(
        Countersignature, (col(Countersignature.field_hours_id) == FieldHours.id) & not_superseded(Countersignature)
    )
    .where(of_enrolments(FieldHours.enrolment_id))
)


def _advisors_enrolments(db: Session, mandate_ids: Iterable[int]) -> list[int]:
    statement = select(MandateAdvisor.enrolment_id).where(col(MandateAdvisor.mandate_id).in_(list(mandate_ids)))
    return [enrolment_id for enrolment_id in db.exec(statement).all() if enrolment_id is not None]


def _affected_by_milestones(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    return _advisors_enrolments(db, (row.mandate_id for row in rows))


def _affected_by_confirmations(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    milestone_ids = [row.milestone_id for row in rows]
    mandates = select(MandateMilestone.mandate_id).where(col(MandateMilestone.id).in_(milestone_ids))
    return _advisors_enrolments(db, db.exec(mandates).all())


def _affected_by_mandates(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    return _advisors_enrolments(db, (row.id for row in rows))


def _affected_by_advisors(_: Session, rows: Sequence[Any]) -> Iterable[int]:
    return [row.enrolment_id for row in rows if row.enrolment_id is not None]


def _countersigned_enrolments(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    hours_ids = [row.field_hours_id for row in rows]
    return db.exec(select(FieldHours.enrolment_id).where(col(FieldHours.id).in_(hours_ids))).all()


FACTS = (
    FactSource(
        affects={
            MandateMilestone: _affected_by_milestones,
            MilestoneConfirmation: _affected_by_confirmations,
            MandateAdvisor: _affected_by_advisors,
            Mandate: _affected_by_mandates,
        },
        queries=(FactQuery(_MANDATES, MandateDone),),
    ),
    FactSource(
        affects={FieldHours: named_enrolments, Countersignature: _countersigned_enrolments},
        queries=(FactQuery(_HOURS, FieldTime),),
    ),
)
