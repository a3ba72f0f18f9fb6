"""The pages of the versions that a cohort could follow, and of what one of them would change."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import render
from app.progress.version_preview import service

router = APIRouter(include_in_schema=False)
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]


@router.get("/cohortes/{cohort_id}/versions")
def versions(request: Request, cohort: ManagedCohort) -> Response:
    """Show the versions that the cohort could follow."""
    return render(request, "cohorts/versions.html", cohort=cohort, versions=service.versions_for(cohort))


@router.get("/cohortes/{cohort_id}/versions/{version}")
def preview(request: Request, db: SessionDep, cohort: ManagedCohort, version: str) -> Response:
    """Show what a version would change for the cohort and for each person."""
    shown = service.preview_version(db, cohort, version)
    return render(request, "cohorts/version_preview.html", cohort=cohort, preview=shown)
