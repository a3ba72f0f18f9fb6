"""The HTML page of the cohorts of a college."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.cohorts.enums import CohortState
from app.cohorts.schemas import CohortsQuery
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.overview.college_cohorts import service
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.lists import ListView
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/colleges/{college_id}/cohortes")
def college_cohorts(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    college: Annotated[CollegeShown, seen(see_college, P.COHORT_MANAGE)],
    query: Annotated[CohortsQuery, Query()],
) -> Response:
    """Show the cohorts of a college with what asks for its coordinator, each number a link."""
    page = service.list_college_cohorts(db, actor, college, query)
    view = ListView(f"/colleges/{college.id}/cohortes", query, page)
    return render(request, "cohorts/college.html", college=college, cohorts=view, states=tuple(CohortState))
