"""Progress reports and indicators as JSON and as files."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.cohorts import service as cohorts
from app.network import service as network
from app.platform.database.session import Session
from app.platform.documents.spreadsheets import CSV, XLSX, Flavour
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute
from app.platform.web.pages import attachment
from app.reports import service
from app.reports.export import service as export
from app.reports.indicators import service as indicators
from app.reports.schemas import Indicators, ProgressReport

router = APIRouter(tags=["reports"], route_class=OnceRoute)

ForCohort = Annotated[Actor, may(P.REPORT_COHORT)]
ForCollege = Annotated[Actor, may(P.REPORT_COLLEGE)]


def _of_cohort(db: Session, actor: Actor, cohort_id: int) -> ProgressReport:
    return service.cohort_report(db, actor, cohorts.see_cohort(db, actor, cohort_id))


def _of_college(db: Session, actor: Actor, college_id: int) -> ProgressReport:
    return service.college_report(db, actor, network.see_college(db, actor, college_id))


def _csv(report: ProgressReport, flavour: Flavour) -> Response:
    headers = attachment(export.file_name(report, ".csv"))
    return Response(export.csv_file(report, flavour), media_type=CSV, headers=headers)


def _xlsx(report: ProgressReport) -> Response:
    headers = attachment(export.file_name(report, ".xlsx"))
    return Response(export.xlsx_file(report), media_type=XLSX, headers=headers)


@router.get("/cohorts/{cohort_id}/progress-report")
def cohort_report(cohort_id: int, db: SessionDep, actor: ForCohort) -> ProgressReport:
    """The progress of a cohort, with its totals."""
    return _of_cohort(db, actor, cohort_id)


@router.get("/cohorts/{cohort_id}/progress-report.csv", response_class=Response)
def cohort_report_csv(
    cohort_id: int,
    db: SessionDep,
    actor: ForCohort,
    format: Flavour = Flavour.EXCEL,  # noqa: A002 - its public name
) -> Response:
    """The same as a CSV: ``excel`` (BOM, ``;``, decimal comma) or ``donnees`` (RFC 4180)."""
    return _csv(_of_cohort(db, actor, cohort_id), format)


@router.get("/cohorts/{cohort_id}/progress-report.xlsx", response_class=Response)
def cohort_report_xlsx(cohort_id: int, db: SessionDep, actor: ForCohort) -> Response:
    """The same as a workbook, with a dictionary and control totals."""
    return _xlsx(_of_cohort(db, actor, cohort_id))


@router.get("/colleges/{college_id}/progress-report")
def college_report(college_id: int, db: SessionDep, actor: ForCollege) -> ProgressReport:
    """The progress of all cohorts of a college; its totals are the sum of theirs."""
    return _of_college(db, actor, college_id)


@router.get("/colleges/{college_id}/progress-report.csv", response_class=Response)
def college_report_csv(
    college_id: int,
    db: SessionDep,
    actor: ForCollege,
    format: Flavour = Flavour.EXCEL,  # noqa: A002
) -> Response:
    """The same as a CSV: ``excel`` (BOM, ``;``, decimal comma) or ``donnees`` (RFC 4180)."""
    return _csv(_of_college(db, actor, college_id), format)


@router.get("/colleges/{college_id}/progress-report.xlsx", response_class=Response)
def college_report_xlsx(college_id: int, db: SessionDep, actor: ForCollege) -> Response:
    """The same as a workbook, with a dictionary and control totals."""
    return _xlsx(_of_college(db, actor, college_id))


@router.get("/projects/{project_id}/indicators")
def project_indicators(project_id: int, db: SessionDep, actor: Annotated[Actor, may(P.INDICATOR_READ)]) -> Indicators:
    """A project's aggregates by region against its targets; ``null`` cells are masked."""
    return indicators.indicators(db, indicators.see_project(db, actor, project_id))
