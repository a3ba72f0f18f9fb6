"""What one may download, the report on screen, and the observer's indicators."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.access import Actor, P, may
from app.cohorts import service as cohorts
from app.db import SessionDep
from app.errors import NotFound
from app.network import service as network
from app.reports import service, service_indicators
from app.web import render

router = APIRouter(include_in_schema=False)


@router.get("/rapports")
def reports_page(request: Request, session: SessionDep, actor: Annotated[Actor, may(P.ME_READ)]) -> Response:
    """Whoever is signed in sees the reports that their roles reach."""
    return render(request, "reports/list.html", reports=service.reports(session, actor))


@router.get("/rapports/cohortes/{cohort_id}")
def cohort_page(
    request: Request, cohort_id: int, session: SessionDep, actor: Annotated[Actor, may(P.REPORT_COHORT)]
) -> Response:
    """A cohort's report on screen."""
    report = service.cohort_report(session, actor, cohorts.see_cohort(session, actor, cohort_id))
    return render(
        request, "reports/progress.html", report=report, source=f"/api/v1/cohorts/{cohort_id}/progress-report"
    )


@router.get("/rapports/colleges/{college_id}")
def college_page(
    request: Request, college_id: int, session: SessionDep, actor: Annotated[Actor, may(P.REPORT_COLLEGE)]
) -> Response:
    """A college's report on screen."""
    report = service.college_report(session, actor, network.see_college(session, actor, college_id))
    return render(
        request, "reports/progress.html", report=report, source=f"/api/v1/colleges/{college_id}/progress-report"
    )


@router.get("/indicateurs")
def indicators_page(
    request: Request, session: SessionDep, actor: Annotated[Actor, may(P.INDICATOR_READ)], projet: int | None = None
) -> Response:
    """The figures of a project that one observes: the one asked for, or the first."""
    choices = service.reports(session, actor).projects
    if not choices:
        raise NotFound
    project = service_indicators.see_project(session, actor, choices[0].id if projet is None else projet)
    found = service_indicators.indicators(session, project)
    return render(request, "reports/indicators.html", found=found, project=project, choices=choices)
