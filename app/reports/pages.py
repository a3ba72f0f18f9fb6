"""Pages of the reports: the list of those one may download, a report on screen, a project's indicators."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.cohorts import service as cohorts
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.schemas import CohortRef, CohortsQuery
from app.cohorts.service import see_cohort
from app.network.schemas import CollegeShown
from app.network.service import see_college, see_project
from app.platform.errors import NotFound
from app.platform.paging import page_of
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, allow_report_time
from app.platform.web.lists import ListView
from app.platform.web.pages import render
from app.reports import service
from app.reports.indicators import service as indicators_service
from app.reports.schemas import ProgressReport, ReportQuery, ReportRow, ReportSort

router = APIRouter(include_in_schema=False, dependencies=[Depends(allow_report_time)])


@router.get("/rapports")
def reports_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.ME_READ)],
    query: Annotated[CohortsQuery, Query()],
) -> Response:
    """The reports within reach of the actor's roles, for everyone signed in."""
    readable = cohorts.list_cohorts(db, actor.using(P.REPORT_COHORT), query)
    values: dict[str, Any] = {"colleges": service.college_choices(db, actor), "states": tuple(CohortState)}
    values |= {"projects": service.project_choices(db, actor), "cohorts": ListView("/rapports", query, readable)}
    return render(request, "reports/list.html", **values)


@router.get("/rapports/cohortes/{cohort_id}")
def cohort_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.REPORT_COHORT)],
    cohort: Annotated[CohortRef, seen(see_cohort, P.REPORT_COHORT)],
    query: Annotated[ReportQuery, Query()],
) -> Response:
    """A cohort's report on screen."""
    report = service.cohort_report(db, actor, cohort)
    rows = [row for row in report.rows if query.etat in {None, row.state}]
    page = page_of(rows, query, orders=ORDERS, text=lambda row: row.name, size=service.ROWS)
    view = ListView(f"/rapports/cohortes/{cohort.id}", query, page)
    return _report_page(request, report, view, f"/api/v1/cohorts/{cohort.id}/progress-report")


@router.get("/rapports/colleges/{college_id}")
def college_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.REPORT_COLLEGE)],
    college: Annotated[CollegeShown, seen(see_college, P.REPORT_COLLEGE)],
    query: Annotated[ReportQuery, Query()],
) -> Response:
    """A college's report on screen."""
    report, page = service.list_college_report(db, actor, college, query)
    rows = ListView(f"/rapports/colleges/{college.id}", query, page)
    return _report_page(request, report, rows, f"/api/v1/colleges/{college.id}/progress-report")


ORDERS: dict[ReportSort, Callable[[ReportRow], Any]] = {
    ReportSort.COHORT: lambda row: row.cohort,  # by name within a cohort: the rows come so
    ReportSort.HOURS: lambda row: row.recognised_minutes,
    ReportSort.ATTENDANCE: lambda row: row.attendance_pct,
    ReportSort.MODULES: lambda row: row.modules_done,
}


def _report_page(request: Request, report: ProgressReport, rows: ListView, source: str) -> Response:
    """Show a page of the rows, with the sums of a college's cohorts on it and of the whole report."""
    values: dict[str, Any] = {"report": report, "source": source, "rows": rows}
    values["sums"] = report.cohorts if report.cohort is None else ()
    values["states"] = [state for state in EnrolmentState if state not in service.NEVER_FOLLOWED]
    return render(request, "reports/progress.html", **values)


@router.get("/indicateurs")
def indicators_page(
    request: Request, db: SessionDep, actor: Annotated[Actor, may(P.INDICATOR_READ)], projet: int | None = None
) -> Response:
    """The indicators of a project that the actor observes: the one in the query, or the first."""
    choices = service.project_choices(db, actor)
    if not choices:
        raise NotFound
    project = see_project(db, actor, choices[0].id if projet is None else projet)
    indicators = indicators_service.indicators(db, project)
    return render(
        request,
        "reports/indicators.html",
        indicators=indicators,
        project=project,
        choices=choices,
        figure_of=indicators_service.FIGURE_OF,
    )
