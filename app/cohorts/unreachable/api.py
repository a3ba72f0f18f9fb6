"""The JSON endpoint of whom the letters of a cohort do not reach."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.cohorts.unreachable import service
from app.cohorts.unreachable.schemas import Unreachable
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["cohorts"])


@router.get("/cohorts/{cohort_id}/unreachable")
def read_unreachable(db: SessionDep, cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)]) -> Unreachable:
    """Return the people and the open invitations of a cohort whose last letter was refused or given up, and why."""
    return service.unreachable(db, cohort)
