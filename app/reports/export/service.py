"""The progress report as files: CSV in two flavours and XLSX, contract ``progression_v1``."""

from typing import TypeAlias

from app.cohorts.enums import EnrolmentState
from app.network.enums import CertificateKind
from app.platform.documents import spreadsheets
from app.platform.documents.spreadsheets import Cell, Flavour, Sheet, in_hours, workbook
from app.platform.messages.i18n import t
from app.reports.rules import Column, columns
from app.reports.schemas import CONTRACT, ProgressReport, ReportTotals

Line: TypeAlias = tuple[str, Cell]


def _words() -> dict[str, str]:
    states = {state.value: t(f"state.{state.value}") for state in EnrolmentState}
    return states | {kind.value: t(f"kind.{kind.value}") for kind in CertificateKind}


def _heading(column: Column) -> str:
    return t(f"reports.column.{column.key}", competency=column.competency or "")


def file_name(report: ProgressReport, suffix: str) -> str:
    """Return contract, college, cohort and day as a name: ``progression_v1 alma GEN-ALM-1 2026-11-22.xlsx``."""
    return " ".join((CONTRACT, report.college_slug, report.cohort or "", str(report.as_of))).replace("  ", " ") + suffix


def csv_file(report: ProgressReport, flavour: Flavour) -> bytes:
    """Return the report as CSV: in words for a French spreadsheet, in codes for programs."""
    export_columns = columns(report.competencies, _words() if flavour is Flavour.EXCEL else {})
    lines = ([column.value(row) for column in export_columns] for row in report.rows)
    return spreadsheets.csv_file(map(_heading, export_columns), lines, flavour)


def xlsx_file(report: ProgressReport) -> bytes:
    """Return the report as a workbook of three sheets: data, dictionary of columns, control totals."""
    export_columns = columns(report.competencies, _words())
    data = [[column.value(row) for column in export_columns] for row in report.rows]
    sheets = (
        Sheet(t("reports.sheet.data"), [_heading(column) for column in export_columns], data),
        Sheet(t("reports.sheet.dictionary"), _dictionary_heading(), map(_definition, export_columns)),
        Sheet(
            t("reports.sheet.control"), (t("reports.control.what"), t("reports.control.value")), _control_lines(report)
        ),
    )
    return workbook(t("reports.title"), report.college, report.as_of, sheets)


def _dictionary_heading() -> tuple[str, ...]:
    return t("reports.dictionary.column"), t("reports.dictionary.type"), t("reports.dictionary.meaning")


def _definition(column: Column) -> tuple[str, ...]:
    meaning = t(f"reports.meaning.{column.key}", competency=column.competency or "")
    return _heading(column), t(f"reports.type.{column.type.value}"), meaning


def _control_heading() -> tuple[str, ...]:
    return t("reports.control.what"), t("reports.control.value")


def _control_lines(report: ProgressReport) -> list[Line]:
    """Return the lines of the control sheet: scope, day and totals, then the totals of each cohort."""
    lines: list[Line] = [
        (t("reports.control.contract"), report.contract),
        (t("reports.column.college"), report.college),
        (t("reports.column.cohort"), report.cohort or t("reports.control.all_cohorts")),
        (t("reports.control.as_of"), report.as_of),
        *_total_lines(report.totals, ""),
    ]
    for part in report.cohorts if report.cohort is None else ():
        lines.extend(_total_lines(part.totals, f"{part.cohort} – "))
    return lines


def _total_lines(sums: ReportTotals, prefix: str) -> list[Line]:
    """Return totals as lines, labels prefixed by ``prefix``; hours are rounded once, after the sum."""
    values: dict[str, Cell] = {
        "rows": sums.enrolments,
        "planned_minutes": sums.planned_minutes,
        "recognised_minutes": sums.recognised_minutes,
        "recognised_hours": in_hours(sums.recognised_minutes),
        "attended_minutes": sums.attended_minutes,
        "attendance_base_minutes": sums.attendance_base_minutes,
        "modules_done": sums.modules_done,
        "modules_total": sums.modules_total,
        "certificates": sums.certificates,
    }
    return [(prefix + t(f"reports.control.{key}"), value) for key, value in values.items()]
