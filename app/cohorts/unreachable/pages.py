"""The page of whom the letters of a cohort do not reach."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.cohorts.unreachable import service
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/cohortes/{cohort_id}/courriels-refuses")
def show_unreachable(
    request: Request, db: SessionDep, cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)]
) -> Response:
    """Show who gets no letter, since when, why, and what to do about it."""
    return render(request, "cohorts/unreachable.html", cohort=cohort, unreachable=service.unreachable(db, cohort))
