"""What another version of the path would change for a cohort, as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.progress.version_preview import service
from app.progress.version_preview.schemas import VersionChoice, VersionPreview

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]


@router.get("/cohorts/{cohort_id}/versions", summary="Versions that a cohort could follow")
def read_versions(cohort: ManagedCohort) -> list[VersionChoice]:
    """List the published versions of its path that a mapping leads to from its own, newest first."""
    return service.versions_for(cohort)


@router.get("/cohorts/{cohort_id}/versions/{version}", summary="What a version would change for a cohort")
def read_preview(db: SessionDep, cohort: ManagedCohort, version: str) -> VersionPreview:
    """Return the hours gained and lost, the activities without an equivalent, and what each person would keep.

    It changes nothing. A person to whom it adds obligations, or from whom it takes hours, would be asked.
    """
    return service.preview_version(db, cohort, version)
