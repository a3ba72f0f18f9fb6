"""Tables as files: CSV in two flavours and XLSX.

The same table gives the same bytes. Text never becomes a formula: in XLSX it is written as text, in
CSV what a spreadsheet would compute is led by an apostrophe; numbers and dates stay what they are.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TypeAlias

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

Cell: TypeAlias = str | int | Decimal | date | None
Lines: TypeAlias = Iterable[Sequence[Cell]]

DANGEROUS = frozenset("=+-@＝＋－＠")
"""First characters that make a spreadsheet compute, full-width forms included."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
BOM = "\ufeff"
CENT = Decimal("0.01")


class Flavour(StrEnum):
    """How a CSV is written: for a French spreadsheet, or for programs (RFC 4180)."""

    EXCEL = "excel"
    DONNEES = "donnees"


def in_hours(minutes: int) -> Decimal:
    """Hours with two decimals, half up."""
    return (Decimal(minutes) / 60).quantize(CENT, ROUND_HALF_UP)


# CSV --------------------------------------------------------------------------------------------


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula (CSV injection, CWE-1236)."""
    begins = next((c for c in text if not (c.isspace() or unicodedata.category(c) == "Cf")), "")
    return f"'{text}" if begins in DANGEROUS or text[:1] in {"\t", "\r", "\n"} else text


def csv_file(headings: Iterable[str], lines: Lines, flavour: Flavour) -> bytes:
    """For a French spreadsheet (BOM, ``;``, decimal comma) or for programs (RFC 4180, point)."""
    excel = flavour is Flavour.EXCEL
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";" if excel else ",", lineterminator="\r\n")
    writer.writerow([safe(heading) for heading in headings])
    for cells in lines:
        writer.writerow([_csv_cell(cell, comma=excel) for cell in cells])
    return ((BOM if excel else "") + buffer.getvalue()).encode()


def _csv_cell(value: Cell, *, comma: bool) -> str:
    if isinstance(value, str):
        return safe(unicodedata.normalize("NFC", value))
    if isinstance(value, Decimal):
        return str(value).replace(".", ",") if comma else str(value)
    return "" if value is None else str(value)


# XLSX -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook."""

    name: str
    headings: Sequence[str]
    lines: Lines


def workbook(title: str, company: str, on: date, sheets: Iterable[Sheet]) -> bytes:
    """Sheets in order; ``on`` is the day that the workbook says it was made."""
    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    book.set_properties({"title": title, "company": company, "created": datetime.combine(on, time(), UTC)})
    heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    for sheet in sheets:
        _add(book, heading, sheet)
    book.close()
    return buffer.getvalue()


def _add(book: Workbook, heading: Format, given: Sheet) -> None:
    sheet = book.add_worksheet(given.name)
    hours, day = book.add_format({"num_format": "#,##0.00"}), book.add_format({"num_format": "yyyy-mm-dd"})
    for place, title in enumerate(given.headings):
        sheet.write_string(0, place, title, heading)
    last = 0
    for last, cells in enumerate(given.lines, 1):
        for place, value in enumerate(cells):
            _write(sheet, (last, place), value, hours=hours, day=day)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(given.headings) - 1)
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
