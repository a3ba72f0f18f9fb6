"""Pages of cohorts: the list, the board, applications, cohorts open to applications."""

from typing import Any

from app.cohorts.enums import EnrolmentState
from app.cohorts.schemas import CohortRef
from app.curricula.library import default_library
from app.network import service as network
from app.platform.database.session import Session
from app.platform.messages.i18n import today


def cohort_context(db: Session, cohort: CohortRef) -> dict[str, Any]:
    """What every page of a cohort shows of it."""
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    return {
        "college": network.college(db, cohort.college_id).name,
        "path": curriculum.title.text,
        "titles": {a.code: a.title.text for a in curriculum.activities},
        "today": today(cohort.timezone),
        "states": tuple(EnrolmentState),
    }
