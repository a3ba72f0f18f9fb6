"""Tables as CSV, in two flavours, and XLSX files.

The same table gives the same bytes. Text never becomes a formula: in XLSX it is written as text, in CSV a text that a
spreadsheet would compute gets a leading apostrophe; numbers and dates keep their type.
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

FORMULA_STARTS = frozenset("=+-@＝＋－＠")
"""First characters that make a spreadsheet read a formula, full-width forms included."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
BOM = "\ufeff"
CENT = Decimal("0.01")


class Flavour(StrEnum):
    """The flavour of a CSV: for a French spreadsheet, or for programs (RFC 4180)."""

    EXCEL = "excel"
    DONNEES = "donnees"


def in_hours(minutes: int) -> Decimal:
    """Return minutes as hours with two decimals, rounded half up."""
    return (Decimal(minutes) / 60).quantize(CENT, ROUND_HALF_UP)


# CSV --------------------------------------------------------------------------------------------


def escape_formula(text: str) -> str:
    """Return a text that no spreadsheet reads as a formula (CSV injection, CWE-1236)."""
    first = next((c for c in text if not (c.isspace() or unicodedata.category(c) == "Cf")), "")
    return f"'{text}" if first in FORMULA_STARTS or text[:1] in {"\t", "\r", "\n"} else text


def csv_file(headings: Iterable[str], lines: Lines, flavour: Flavour) -> bytes:
    """Return a CSV file for a French spreadsheet (BOM, ``;``, decimal comma) or for programs (RFC 4180, point)."""
    excel = flavour is Flavour.EXCEL
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";" if excel else ",", lineterminator="\r\n")
    writer.writerow([escape_formula(heading) for heading in headings])
    for cells in lines:
        writer.writerow([_csv_cell(cell, comma=excel) for cell in cells])
    return ((BOM if excel else "") + buffer.getvalue()).encode()


def _csv_cell(value: Cell, *, comma: bool) -> str:
    if isinstance(value, str):
        return escape_formula(unicodedata.normalize("NFC", value))
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
    """Return an XLSX workbook of the sheets, in order; ``on`` is its creation date."""
    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    book.set_properties({"title": title, "company": company, "created": datetime.combine(on, time(), UTC)})
    heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    for sheet in sheets:
        _add(book, heading, sheet)
    book.close()
    return buffer.getvalue()


def _add(book: Workbook, heading: Format, content: Sheet) -> None:
    sheet = book.add_worksheet(content.name)
    hours, day = book.add_format({"num_format": "#,##0.00"}), book.add_format({"num_format": "yyyy-mm-dd"})
    for column, title in enumerate(content.headings):
        sheet.write_string(0, column, title, heading)
    row = 0
    for row, cells in enumerate(content.lines, 1):
        for column, value in enumerate(cells):
            _write(sheet, (row, column), value, hours=hours, day=day)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, row, len(content.headings) - 1)
    sheet.autofit(max_width=400)


def _write(sheet: Worksheet, position: tuple[int, int], value: Cell, *, hours: Format, day: Format) -> None:
    if isinstance(value, str):
        sheet.write_string(*position, unicodedata.normalize("NFC", value))
    elif isinstance(value, Decimal):
        sheet.write_number(*position, float(value), hours)
    elif isinstance(value, date):
        sheet.write_datetime(*position, datetime.combine(value, time()), day)
    elif value is not None:
        sheet.write_number(*position, value)
