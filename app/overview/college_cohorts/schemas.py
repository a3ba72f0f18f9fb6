"""Read models of the cohorts of a college."""

from datetime import datetime

from app.cohorts.schemas import ListedCohort
from app.platform.schema import Read


class NextSession(Read):
    """The next session of a cohort."""

    id: int
    starts_at: datetime
    timezone: str


class CollegeCohort(ListedCohort):
    """A cohort of a college, with what asks for its coordinator."""

    at_risk: int
    applications: int
    proposals: int
    next_session: NextSession | None


class CollegeCohortPage(Read):
    """Cohorts of a college, newest first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[CollegeCohort, ...]
    next: int | None
