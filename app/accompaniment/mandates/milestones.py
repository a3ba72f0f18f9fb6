"""Subquery of the dates of mandates' milestones."""

import sqlalchemy as sa
from sqlalchemy import Subquery, func
from sqlmodel import col

from app.accompaniment.mandates.enums import MilestoneKind
from app.accompaniment.mandates.models import MandateMilestone, MilestoneConfirmation
from app.platform.database.rows import not_superseded


def milestone_dates(*, confirmed: bool) -> Subquery:
    """Return one row per mandate with a milestone: ``mandate_id, agreement_on, diagnostic_on, plan_on``.

    ``confirmed``: of the milestones that a second person confirmed, which alone count; else of all that are recorded.
    """
    happened_on = col(MandateMilestone.happened_on)
    dates = (
        func.max(happened_on).filter(col(MandateMilestone.kind) == kind).label(f"{kind.value}_on")
        for kind in MilestoneKind
    )
    statement = sa.select(col(MandateMilestone.mandate_id), *dates).where(not_superseded(MandateMilestone))
    if confirmed:
        statement = statement.join(
            MilestoneConfirmation, col(MilestoneConfirmation.milestone_id) == col(MandateMilestone.id)
        )
    return statement.group_by(col(MandateMilestone.mandate_id)).subquery()
