"""The progress report as files: CSV in two flavours and XLSX, contract ``progression_v1``."""

from typing import TypeAlias

from app.cohorts.enums import EnrolmentState
from app.network.enums import CertificateKind
from app.platform.documents.spreadsheets import Cell, Flavour, Sheet, in_hours, workbook
from app.platform.documents.spreadsheets import csv_file as written
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
    """Contract, college, cohort and day: ``progression_v1 alma GEN-ALM-1 2026-11-22.xlsx``."""
    return " ".join((CONTRACT, report.college_slug, report.cohort or "", str(report.as_of))).replace("  ", " ") + suffix


def csv_file(report: ProgressReport, flavour: Flavour) -> bytes:
    """For a French spreadsheet, in words, or for programs, in codes."""
    shown = columns(report.competencies, _words() if flavour is Flavour.EXCEL else {})
    lines = ([column.value(row) for column in shown] for row in report.rows)
    return written(map(_heading, shown), lines, flavour)


def xlsx_file(report: ProgressReport) -> bytes:
    """Three sheets: the data, what each column means, and totals to check a copy against."""
    shown = columns(report.competencies, _words())
    data = [[column.value(row) for column in shown] for row in report.rows]
    sheets = (
        Sheet(t("reports.sheet.data"), [_heading(column) for column in shown], data),
        Sheet(t("reports.sheet.dictionary"), _dictionary_heading(), map(_definition, shown)),
        Sheet(t("reports.sheet.control"), (t("reports.control.what"), t("reports.control.value")), _control(report)),
    )
    return workbook(t("reports.title"), report.college, report.as_of, sheets)


def _dictionary_heading() -> tuple[str, ...]:
    return t("reports.dictionary.column"), t("reports.dictionary.type"), t("reports.dictionary.meaning")


def _definition(column: Column) -> tuple[str, ...]:
    meaning = t(f"reports.meaning.{column.key}", competency=column.competency or "")
    return _heading(column), t(f"reports.type.{column.type.value}"), meaning


def _control(report: ProgressReport) -> list[Line]:
    """Who, when, how many, and the totals; then those of each cohort."""
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


def _total_lines(sums: ReportTotals, before: str) -> list[Line]:
    """Minutes are exact; hours are rounded once, not added from rounded lines."""
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
    return [(before + t(f"reports.control.{key}"), value) for key, value in values.items()]
