"""What mandates tell the progress projection: how far each has come, for each advisor's enrolment."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Subquery, func
from sqlalchemy import select as columns
from sqlmodel import col, select

from app.accompaniment.models import Mandate, MandateAdvisor, MandateMilestone, MilestoneKind
from app.db import Session, standing
from app.progress.facts import Fact, MandateDone
from app.progress.service import FactSource, Ids, among


def milestone_dates() -> Subquery:
    """One row per mandate with a fact: ``mandate_id, agreement_on, diagnostic_on, plan_on``, corrections applied."""
    on = col(MandateMilestone.happened_on)
    dates = (
        func.max(on).filter(col(MandateMilestone.kind) == kind).label(f"{kind.value}_on") for kind in MilestoneKind
    )
    return (
        columns(col(MandateMilestone.mandate_id), *dates)
        .where(standing(MandateMilestone))
        .group_by(col(MandateMilestone.mandate_id))
        .subquery()
    )


_ON = milestone_dates()
_MANDATES = (
    columns(
        col(MandateAdvisor.enrolment_id), col(Mandate.id), col(Mandate.kind), col(Mandate.enterprise_id),
        _ON.c.agreement_on, _ON.c.diagnostic_on, _ON.c.plan_on,
    )
    .join(Mandate, col(Mandate.id) == MandateAdvisor.mandate_id)
    .outerjoin(_ON, _ON.c.mandate_id == Mandate.id)
    .where(among(MandateAdvisor.enrolment_id))
)  # fmt: skip


def _load(session: Session, ids: Ids) -> Iterable[tuple[int, Fact]]:
    for enrolment_id, *values in session.execute(_MANDATES, {"ids": ids}):
        yield enrolment_id, MandateDone(*values)


def _advising(session: Session, mandate_ids: Iterable[int]) -> list[int]:
    statement = select(MandateAdvisor.enrolment_id).where(col(MandateAdvisor.mandate_id).in_(list(mandate_ids)))
    return [i for i in session.exec(statement).all() if i is not None]


def _of_milestones(session: Session, rows: Sequence[Any]) -> Iterable[int]:
    return _advising(session, (row.mandate_id for row in rows))


def _of_mandates(session: Session, rows: Sequence[Any]) -> Iterable[int]:
    return _advising(session, (row.id for row in rows))


def _of_advisors(_: Session, rows: Sequence[Any]) -> Iterable[int]:
    return [row.enrolment_id for row in rows if row.enrolment_id is not None]


FACTS = (
    FactSource(
        touched={MandateMilestone: _of_milestones, MandateAdvisor: _of_advisors, Mandate: _of_mandates}, load=_load
    ),
)
