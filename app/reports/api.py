"""Progress reports and indicators as JSON, CSV and XLSX."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.network.schemas import CollegeShown, ProjectShown
from app.network.service import see_college, see_project
from app.platform.documents.spreadsheets import CSV, XLSX, Flavour
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, allow_report_time
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import attachment
from app.reports import service
from app.reports.export import service as export
from app.reports.indicators import service as indicators
from app.reports.schemas import Indicators, ProgressReport

router = APIRouter(tags=["reports"], route_class=IdempotentRoute, dependencies=[Depends(allow_report_time)])

REPORT_CSV = download("text/csv", "The progress report as CSV")
REPORT_XLSX = download(XLSX, "The progress report as a workbook, with a dictionary and control totals")
CohortReader = Annotated[Actor, may(P.REPORT_COHORT)]
ReportedCohort = Annotated[CohortRef, seen(see_cohort, P.REPORT_COHORT)]
CollegeReader = Annotated[Actor, may(P.REPORT_COLLEGE)]
ReportedCollege = Annotated[CollegeShown, seen(see_college, P.REPORT_COLLEGE)]


def _csv(report: ProgressReport, flavour: Flavour) -> Response:
    headers = attachment(export.file_name(report, ".csv"))
    return Response(export.csv_file(report, flavour), media_type=CSV, headers=headers)


def _xlsx(report: ProgressReport) -> Response:
    headers = attachment(export.file_name(report, ".xlsx"))
    return Response(export.xlsx_file(report), media_type=XLSX, headers=headers)


@router.get("/cohorts/{cohort_id}/progress-report")
def cohort_report(db: SessionDep, actor: CohortReader, cohort: ReportedCohort) -> ProgressReport:
    """The progress of a cohort, with its totals."""
    return service.cohort_report(db, actor, cohort)


@router.get("/cohorts/{cohort_id}/progress-report.csv", response_class=Response, responses=REPORT_CSV)
def cohort_report_csv(
    db: SessionDep,
    actor: CohortReader,
    cohort: ReportedCohort,
    format: Flavour = Flavour.EXCEL,  # noqa: A002 - its public name
) -> Response:
    """The same as a CSV: ``excel`` (BOM, ``;``, decimal comma) or ``donnees`` (RFC 4180)."""
    return _csv(service.cohort_report(db, actor, cohort), format)


@router.get("/cohorts/{cohort_id}/progress-report.xlsx", response_class=Response, responses=REPORT_XLSX)
def cohort_report_xlsx(db: SessionDep, actor: CohortReader, cohort: ReportedCohort) -> Response:
    """The same as a workbook, with a dictionary and control totals."""
    return _xlsx(service.cohort_report(db, actor, cohort))


@router.get("/colleges/{college_id}/progress-report")
def college_report(
    db: SessionDep, actor: CollegeReader, college: ReportedCollege, after: After = None, limit: Limit = PAGE
) -> ProgressReport:
    """The progress in a college's cohorts, some rows at a time, with the totals of their cohorts and of the college."""
    return service.college_report_part(db, actor, college, after=after, limit=limit)


@router.get("/colleges/{college_id}/progress-report.csv", response_class=Response, responses=REPORT_CSV)
def college_report_csv(
    db: SessionDep,
    actor: CollegeReader,
    college: ReportedCollege,
    format: Flavour = Flavour.EXCEL,  # noqa: A002 - its public name
) -> Response:
    """The same as a CSV: ``excel`` (BOM, ``;``, decimal comma) or ``donnees`` (RFC 4180)."""
    return _csv(service.college_report(db, actor, college), format)


@router.get("/colleges/{college_id}/progress-report.xlsx", response_class=Response, responses=REPORT_XLSX)
def college_report_xlsx(db: SessionDep, actor: CollegeReader, college: ReportedCollege) -> Response:
    """The same as a workbook, with a dictionary and control totals."""
    return _xlsx(service.college_report(db, actor, college))


@router.get("/projects/{project_id}/indicators")
def project_indicators(
    db: SessionDep, project: Annotated[ProjectShown, seen(see_project, P.INDICATOR_READ)]
) -> Indicators:
    """A project's aggregates by region against its targets; ``null`` cells are masked."""
    return indicators.indicators(db, project)
