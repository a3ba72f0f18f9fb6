"""The template values that every page of a cohort shares."""

from typing import Any

from app.cohorts.enums import EnrolmentState
from app.cohorts.rules import starts_early
from app.cohorts.schemas import CohortRef
from app.curricula.library import curriculum_of
from app.network import service as network
from app.platform.database.session import Session
from app.platform.messages.i18n import today


def cohort_context(db: Session, cohort: CohortRef) -> dict[str, Any]:
    """Return the cohort's college, path, activity titles, local date and the states to filter by."""
    curriculum = curriculum_of(cohort)
    return {
        "college": network.college(db, cohort.college_id).name,
        "path": curriculum.title.text,
        "titles": {a.code: a.title.text for a in curriculum.activities},
        "today": today(cohort.timezone),
        "is_early": starts_early(cohort.starts_on, today(cohort.timezone)),
        "states": tuple(EnrolmentState),
    }
