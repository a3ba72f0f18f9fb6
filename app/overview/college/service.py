"""The figures of a college's page."""

from sqlalchemy import text

from app.network.schemas import CollegeShown
from app.overview.college.schemas import CollegeFigures
from app.platform.database.session import Session
from app.platform.messages.i18n import today

_FIGURES = text(
    """
    select count(*) filter (where starts_on > :today) as to_come,
           count(*) filter (where starts_on <= :today and ends_on >= :today) as running,
           count(*) filter (where ends_on < :today) as over,
           count(*) filter (where applications_open and ends_on >= :today) as taking_applications
      from cohort where college_id = :college
    """
)


def college_figures(db: Session, college: CollegeShown) -> CollegeFigures:
    """Return how many cohorts a college has, on today's date there."""
    values = {"college": college.id, "today": today(college.timezone)}
    return CollegeFigures.model_validate(dict(db.execute(_FIGURES, values).mappings().one()))
