"""JSON endpoint of the admission conditions of a cohort that takes applications."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.conditions import service
from app.cohorts.conditions.schemas import AdmissionConditions
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_open_cohort
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["cohorts"])


@router.get("/cohorts/{cohort_id}/admission-conditions")
def read_conditions(
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_open_cohort, P.COHORT_APPLY)],
) -> AdmissionConditions:
    """Return what the cohort's path asks of who is admitted, and whether one meets it; one may apply all the same."""
    return service.conditions(db, cohort, actor.person_id)
