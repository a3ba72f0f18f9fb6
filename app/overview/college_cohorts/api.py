"""The JSON endpoint of the cohorts of a college."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.cohorts.enums import CohortState
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.overview.college_cohorts import service
from app.overview.college_cohorts.schemas import CollegeCohortPage
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["cohorts"])


@router.get("/colleges/{college_id}/cohorts")
def college_cohorts(
    *,
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    college: Annotated[CollegeShown, seen(see_college, P.COHORT_MANAGE)],
    state: Annotated[CohortState | None, Query(description="cohorts of one state")] = None,
    after: After = None,
    limit: Limit = PAGE,
) -> CollegeCohortPage:
    """List the cohorts of a college with people at risk, next session, applications and proposals that wait."""
    return service.college_cohorts(db, actor, college, state=state, after=after, limit=limit)
