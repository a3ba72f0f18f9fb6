"""The figures of a college's page."""

import sqlalchemy as sa
from sqlalchemy import func
from sqlmodel import col

from app.cohorts.enums import Timing
from app.cohorts.models import Cohort, local_today
from app.cohorts.service import in_offer, stands
from app.network.schemas import CollegeShown
from app.overview.college.schemas import CollegeFigures
from app.platform.database.session import Session


def college_figures(db: Session, college: CollegeShown) -> CollegeFigures:
    """Return how many cohorts a college has, on today's date in each one's time zone (BR-30)."""
    day = local_today()
    statement = sa.select(
        func.count().filter(stands(Timing.TO_COME, day)).label("to_come"),
        func.count().filter(stands(Timing.RUNNING, day)).label("running"),
        func.count().filter(stands(Timing.OVER, day)).label("over"),
        func.count().filter(in_offer()).label("taking_applications"),
    ).where(col(Cohort.college_id) == college.id)
    counts = db.execute(statement).mappings().one()
    closed = {"taking_applications": 0} if college.closed_at is not None else {}
    return CollegeFigures.model_validate({**counts, **closed})
