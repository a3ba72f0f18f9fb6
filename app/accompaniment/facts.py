"""What mandates tell the progress projection: how far each has come, for each advisor's enrolment."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.accompaniment.mandates.milestones import milestone_dates
from app.accompaniment.mandates.models import Mandate, MandateAdvisor, MandateMilestone
from app.platform.database.session import Session
from app.progress.facts import Fact, MandateDone
from app.progress.service import FactSource, Ids, among

_ON = milestone_dates()
_MANDATES = (
    sa.select(
        col(MandateAdvisor.enrolment_id), col(Mandate.id), col(Mandate.kind), col(Mandate.enterprise_id),
        _ON.c.agreement_on, _ON.c.diagnostic_on, _ON.c.plan_on,
    )
    .join(Mandate, col(Mandate.id) == MandateAdvisor.mandate_id)
    .outerjoin(_ON, _ON.c.mandate_id == Mandate.id)
    .where(among(MandateAdvisor.enrolment_id))
)  # fmt: skip


def _load(db: Session, ids: Ids) -> Iterable[tuple[int, Fact]]:
    for enrolment_id, *values in db.execute(_MANDATES, {"ids": ids}):
        yield enrolment_id, MandateDone(*values)


def _advising(db: Session, mandate_ids: Iterable[int]) -> list[int]:
    statement = select(MandateAdvisor.enrolment_id).where(col(MandateAdvisor.mandate_id).in_(list(mandate_ids)))
    return [i for i in db.exec(statement).all() if i is not None]


def _of_milestones(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    return _advising(db, (row.mandate_id for row in rows))


def _of_mandates(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    return _advising(db, (row.id for row in rows))


def _of_advisors(_: Session, rows: Sequence[Any]) -> Iterable[int]:
    return [row.enrolment_id for row in rows if row.enrolment_id is not None]


FACTS = (
    FactSource(
        affects={MandateMilestone: _of_milestones, MandateAdvisor: _of_advisors, Mandate: _of_mandates}, load=_load
    ),
)
