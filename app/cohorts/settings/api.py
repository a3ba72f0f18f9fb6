"""The JSON endpoint that prepares a cohort like another one."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.cohorts.settings import service
from app.cohorts.settings.schemas import CopyCohort
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)


@router.post("/cohorts/{cohort_id}/copies", status_code=HTTPStatus.CREATED)
def copy_cohort(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)],
    command: CopyCohort,
) -> CohortRef:
    """Prepare a cohort like another one, as a draft: its path in the newest version, its place, seats and terms."""
    return service.copy_cohort(db, actor, cohort, command)
