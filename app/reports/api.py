"""Progress reports and indicators as JSON and as files."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.access import Actor, P, may
from app.cohorts import service as cohorts
from app.db import Session, SessionDep
from app.idempotency import OnceRoute
from app.network import service as network
from app.reports import service, service_export, service_indicators
from app.reports.schemas import Indicators, ProgressReport
from app.sheets import CSV, XLSX, Flavour
from app.web import attachment

router = APIRouter(tags=["reports"], route_class=OnceRoute)

ForCohort = Annotated[Actor, may(P.REPORT_COHORT)]
ForCollege = Annotated[Actor, may(P.REPORT_COLLEGE)]


def _of_cohort(session: Session, actor: Actor, cohort_id: int) -> ProgressReport:
    return service.cohort_report(session, actor, cohorts.see_cohort(session, actor, cohort_id))


def _of_college(session: Session, actor: Actor, college_id: int) -> ProgressReport:
    return service.college_report(session, actor, network.see_college(session, actor, college_id))


def _csv(report: ProgressReport, flavour: Flavour) -> Response:
    headers = attachment(service_export.file_name(report, ".csv"))
    return Response(service_export.csv_file(report, flavour), media_type=CSV, headers=headers)


def _xlsx(report: ProgressReport) -> Response:
    headers = attachment(service_export.file_name(report, ".xlsx"))
    return Response(service_export.xlsx_file(report), media_type=XLSX, headers=headers)


@router.get("/cohorts/{cohort_id}/progress-report")
def cohort_report(cohort_id: int, session: SessionDep, actor: ForCohort) -> ProgressReport:
    """The progress of a cohort, with its totals."""
    return _of_cohort(session, actor, cohort_id)


@router.get("/cohorts/{cohort_id}/progress-report.csv", response_class=Response)
def cohort_report_csv(
    cohort_id: int,
    session: SessionDep,
    actor: ForCohort,
    format: Flavour = Flavour.EXCEL,  # noqa: A002 - its public name
) -> Response:
    """The same as a CSV: ``excel`` (BOM, ``;``, decimal comma) or ``donnees`` (RFC 4180)."""
    return _csv(_of_cohort(session, actor, cohort_id), format)


@router.get("/cohorts/{cohort_id}/progress-report.xlsx", response_class=Response)
def cohort_report_xlsx(cohort_id: int, session: SessionDep, actor: ForCohort) -> Response:
    """The same as a workbook, with a dictionary and control totals."""
    return _xlsx(_of_cohort(session, actor, cohort_id))


@router.get("/colleges/{college_id}/progress-report")
def college_report(college_id: int, session: SessionDep, actor: ForCollege) -> ProgressReport:
    """The progress of all cohorts of a college; its totals are the sum of theirs."""
    return _of_college(session, actor, college_id)


@router.get("/colleges/{college_id}/progress-report.csv", response_class=Response)
def college_report_csv(
    college_id: int,
    session: SessionDep,
    actor: ForCollege,
    format: Flavour = Flavour.EXCEL,  # noqa: A002
) -> Response:
    """The same as a CSV: ``excel`` (BOM, ``;``, decimal comma) or ``donnees`` (RFC 4180)."""
    return _csv(_of_college(session, actor, college_id), format)


@router.get("/colleges/{college_id}/progress-report.xlsx", response_class=Response)
def college_report_xlsx(college_id: int, session: SessionDep, actor: ForCollege) -> Response:
    """The same as a workbook, with a dictionary and control totals."""
    return _xlsx(_of_college(session, actor, college_id))


@router.get("/projects/{project_id}/indicators")
def project_indicators(
    project_id: int, session: SessionDep, actor: Annotated[Actor, may(P.INDICATOR_READ)]
) -> Indicators:
    """A project's aggregates by region against its targets; ``null`` cells are masked."""
    return service_indicators.indicators(session, service_indicators.see_project(session, actor, project_id))
