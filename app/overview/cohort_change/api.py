"""JSON endpoints of a cohort's settings: preview a change, make it."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.cohorts.settings.schemas import CohortChange, ConfirmChange
from app.overview.cohort_change import service
from app.overview.cohort_change.schemas import ChangePreview
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]


@router.post("/cohorts/{cohort_id}/change-preview")
def preview_change(db: SessionDep, cohort: ManagedCohort, command: CohortChange) -> ChangePreview:
    """Return what a change would change for people, and what stands in its way; it changes nothing.

    Send its `shown` back with the change.
    """
    return service.preview(db, cohort, command)


@router.put("/cohorts/{cohort_id}")
def change_cohort(db: SessionDep, cohort: ManagedCohort, command: ConfirmChange) -> CohortRef:
    """Change a cohort's title, place, dates, seats, late-join limit and grace period.

    409 `cohort_changed` when the effects are no longer those of `shown`, `seats_taken` below those taken; 422
    `preview_needed` without it: read the change's preview first.
    """
    return service.change_cohort(db, cohort, command)
