"""What one may download, the report on screen, and the observer's indicators."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.cohorts import service as cohorts
from app.network import service as network
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import render
from app.reports import service
from app.reports.indicators import service as indicators

router = APIRouter(include_in_schema=False)


@router.get("/rapports")
def reports_page(request: Request, db: SessionDep, actor: Annotated[Actor, may(P.ME_READ)]) -> Response:
    """Whoever is signed in sees the reports that their roles reach."""
    return render(request, "reports/list.html", reports=service.reports(db, actor))


@router.get("/rapports/cohortes/{cohort_id}")
def cohort_page(
    request: Request, cohort_id: int, db: SessionDep, actor: Annotated[Actor, may(P.REPORT_COHORT)]
) -> Response:
    """A cohort's report on screen."""
    report = service.cohort_report(db, actor, cohorts.see_cohort(db, actor, cohort_id))
    return render(
        request, "reports/progress.html", report=report, source=f"/api/v1/cohorts/{cohort_id}/progress-report"
    )


@router.get("/rapports/colleges/{college_id}")
def college_page(
    request: Request, college_id: int, db: SessionDep, actor: Annotated[Actor, may(P.REPORT_COLLEGE)]
) -> Response:
    """A college's report on screen."""
    report = service.college_report(db, actor, network.see_college(db, actor, college_id))
    return render(
        request, "reports/progress.html", report=report, source=f"/api/v1/colleges/{college_id}/progress-report"
    )


@router.get("/indicateurs")
def indicators_page(
    request: Request, db: SessionDep, actor: Annotated[Actor, may(P.INDICATOR_READ)], projet: int | None = None
) -> Response:
    """The figures of a project that one observes: the one asked for, or the first."""
    choices = service.reports(db, actor).projects
    if not choices:
        raise NotFound
    project = indicators.see_project(db, actor, choices[0].id if projet is None else projet)
    found = indicators.indicators(db, project)
    return render(request, "reports/indicators.html", found=found, project=project, choices=choices)
