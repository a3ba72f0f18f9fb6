"""The template values that every page of a cohort shares."""

from typing import Any

from app.cohorts.enums import EnrolmentState
from app.cohorts.lifecycle.rules import move_due
from app.cohorts.schemas import CohortRef
from app.curricula.library import curriculum_of
from app.network import service as network
from app.platform.database.session import Session
from app.platform.messages.i18n import today


def cohort_context(db: Session, cohort: CohortRef) -> dict[str, Any]:
    """Return the cohort's college, path, activity titles, local date, the move due and the states to filter by."""
    curriculum, day = curriculum_of(cohort), today(cohort.timezone)
    college = network.college(db, cohort.college_id)
    return {
        "college": college.name,
        "college_closed": college.closed_at is not None,
        "move_due": move_due(cohort.state, cohort.starts_on, cohort.ends_on, day),
        "path": curriculum.title.text,
        "titles": {a.code: a.title.text for a in curriculum.activities},
        "today": day,
        "states": tuple(EnrolmentState),
    }
