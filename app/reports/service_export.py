"""The progress report as files: CSV in two flavours and XLSX, contract ``progression_v1``.

The same report gives the same bytes. Text never becomes a formula: in XLSX it is written as text, in
CSV what a spreadsheet would compute is led by an apostrophe; numbers and dates stay what they are.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TypeAlias

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.cohorts.models import EnrolmentState
from app.curricula.schema import CertificateKind
from app.reports.rules import Cell, Column, columns, in_hours
from app.reports.schemas import CONTRACT, Flavour, ProgressReport, ReportTotals
from app.text import t

Line: TypeAlias = tuple[str, Cell]
DANGEROUS = frozenset("=+-@＝＋－＠")
"""First characters that make a spreadsheet compute, full-width forms included."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
BOM = "\ufeff"


def _words() -> dict[str, str]:
    states = {state.value: t(f"state.{state.value}") for state in EnrolmentState}
    return states | {kind.value: t(f"kind.{kind.value}") for kind in CertificateKind}


def _heading(column: Column) -> str:
    return t(f"reports.column.{column.key}", competency=column.competency or "")


def file_name(report: ProgressReport, suffix: str) -> str:
    """Contract, college, cohort and day: ``progression_v1 alma GEN-ALM-1 2026-11-22.xlsx``."""
    return " ".join((CONTRACT, report.college_slug, report.cohort or "", str(report.as_of))).replace("  ", " ") + suffix


# CSV --------------------------------------------------------------------------------------------


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula (trust.md, formula injection)."""
    begins = next((c for c in text if not (c.isspace() or unicodedata.category(c) == "Cf")), "")
    return f"'{text}" if begins in DANGEROUS or text[:1] in {"\t", "\r", "\n"} else text


def csv_file(report: ProgressReport, flavour: Flavour) -> bytes:
    """For a French spreadsheet (BOM, ``;``, decimal comma, words) or for programs (RFC 4180, point, codes)."""
    excel = flavour is Flavour.EXCEL
    shown = columns(report.competencies, _words() if excel else {})
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";" if excel else ",", lineterminator="\r\n")
    writer.writerow([safe(_heading(column)) for column in shown])
    for row in report.rows:
        writer.writerow([_csv_cell(column.value(row), comma=excel) for column in shown])
    return ((BOM if excel else "") + buffer.getvalue()).encode()


def _csv_cell(value: Cell, *, comma: bool) -> str:
    if isinstance(value, str):
        return safe(unicodedata.normalize("NFC", value))
    if isinstance(value, Decimal):
        return str(value).replace(".", ",") if comma else str(value)
    return "" if value is None else str(value)


# XLSX -------------------------------------------------------------------------------------------


def xlsx_file(report: ProgressReport) -> bytes:
    """Three sheets: the data, what each column means, and totals to check a copy against."""
    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    created = datetime.combine(report.as_of, time(), UTC)
    book.set_properties({"title": t("reports.title"), "company": report.college, "created": created})
    heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    shown = columns(report.competencies, _words())
    data = [[column.value(row) for column in shown] for row in report.rows]
    _sheet(book, heading, t("reports.sheet.data"), [_heading(column) for column in shown], data)
    _sheet(book, heading, t("reports.sheet.dictionary"), _dictionary_heading(), map(_definition, shown))
    _sheet(
        book,
        heading,
        t("reports.sheet.control"),
        (t("reports.control.what"), t("reports.control.value")),
        _control(report),
    )
    book.close()
    return buffer.getvalue()


def _dictionary_heading() -> tuple[str, ...]:
    return t("reports.dictionary.column"), t("reports.dictionary.type"), t("reports.dictionary.meaning")


def _definition(column: Column) -> tuple[str, ...]:
    meaning = t(f"reports.meaning.{column.key}", competency=column.competency or "")
    return _heading(column), t(f"reports.type.{column.type.value}"), meaning


def _sheet(book: Workbook, heading: Format, name: str, titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    sheet = book.add_worksheet(name)
    hours, day = book.add_format({"num_format": "#,##0.00"}), book.add_format({"num_format": "yyyy-mm-dd"})
    for place, title in enumerate(titles):
        sheet.write_string(0, place, title, heading)
    last = 0
    for last, cells in enumerate(rows, 1):
        for place, value in enumerate(cells):
            _write(sheet, (last, place), value, hours=hours, day=day)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(titles) - 1)
    sheet.autofit(max_width=400)


def _write(sheet: Worksheet, place: tuple[int, int], value: Cell, *, hours: Format, day: Format) -> None:
    if isinstance(value, str):
        sheet.write_string(*place, unicodedata.normalize("NFC", value))
    elif isinstance(value, Decimal):
        sheet.write_number(*place, float(value), hours)
    elif isinstance(value, date):
        sheet.write_datetime(*place, datetime.combine(value, time()), day)
    elif value is not None:
        sheet.write_number(*place, value)


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
