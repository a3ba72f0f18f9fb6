"""Pages of the reports: the list of those one may download, a report on screen, a project's indicators."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import render
from app.reports import service
from app.reports.indicators import service as indicators_service

router = APIRouter(include_in_schema=False)


@router.get("/rapports")
def reports_page(request: Request, db: SessionDep, actor: Annotated[Actor, may(P.ME_READ)]) -> Response:
    """The reports within reach of the actor's roles, for everyone signed in."""
    return render(request, "reports/list.html", reports=service.reports(db, actor))


@router.get("/rapports/cohortes/{cohort_id}")
def cohort_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.REPORT_COHORT)],
    cohort: Annotated[CohortRef, seen(see_cohort, P.REPORT_COHORT)],
) -> Response:
    """A cohort's report on screen."""
    report = service.cohort_report(db, actor, cohort)
    return render(
        request, "reports/progress.html", report=report, source=f"/api/v1/cohorts/{cohort.id}/progress-report"
    )


@router.get("/rapports/colleges/{college_id}")
def college_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.REPORT_COLLEGE)],
    college: Annotated[CollegeShown, seen(see_college, P.REPORT_COLLEGE)],
) -> Response:
    """A college's report on screen."""
    report = service.college_report(db, actor, college)
    return render(
        request, "reports/progress.html", report=report, source=f"/api/v1/colleges/{college.id}/progress-report"
    )


@router.get("/indicateurs")
def indicators_page(
    request: Request, db: SessionDep, actor: Annotated[Actor, may(P.INDICATOR_READ)], projet: int | None = None
) -> Response:
    """The indicators of a project that the actor observes: the one in the query, or the first."""
    choices = service.reports(db, actor).projects
    if not choices:
        raise NotFound
    project = indicators_service.see_project(db, actor, choices[0].id if projet is None else projet)
    indicators = indicators_service.indicators(db, project)
    return render(request, "reports/indicators.html", indicators=indicators, project=project, choices=choices)
