"""The figures of a college's page."""

import sqlalchemy as sa
from sqlalchemy import func
from sqlmodel import col

from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort
from app.cohorts.service import in_offer
from app.network.schemas import CollegeShown
from app.overview.college.schemas import CollegeFigures
from app.platform.database.session import Session


def college_figures(db: Session, college: CollegeShown) -> CollegeFigures:
    """Return how many cohorts a college has in each state, and how many take applications on their own date (BR-30)."""
    statement = sa.select(
        *(func.count().filter(col(Cohort.state) == state).label(state.value) for state in CohortState),
        func.count().filter(in_offer()).label("taking_applications"),
    ).where(col(Cohort.college_id) == college.id)
    counts = db.execute(statement).mappings().one()
    closed = {"taking_applications": 0} if college.closed_at is not None else {}
    return CollegeFigures.model_validate({**counts, **closed})
