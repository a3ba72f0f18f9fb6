"""Reading rows out of files: workbooks, files that are none, files that are too large; and how much memory it takes."""

import csv
import io
import tracemalloc
import zipfile
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from app.identity.imports.records import LAST_ROW, UNPACKED_BYTES, as_text, read_records
from app.identity.imports.sheet import Column, Sheet, read_sheet
from app.platform.messages.i18n import explain
from tests.identity.test_import_rules import ALIX, HEADER, problems, sheet_of

MEGABYTE = 1_000_000
PERSON = ("Zoe@Exemple.CA ", " Zoé", "Noël", "Formatrice", "havre", "")


def book(*rows: tuple[str, ...], at: int = 1) -> bytes:
    """Return a workbook of the headings at row ``at``, and some rows."""
    made = Workbook()
    sheet = made.worksheets[0]
    for number, row in enumerate((tuple(HEADER.split(";")), *rows), at):
        for place, value in enumerate(row, 1):
            sheet.cell(number, place, value)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def replaced(data: bytes, part: str, content: bytes) -> bytes:
    """Return a workbook with another content in one of its parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return buffer.getvalue()


# Workbooks ---------------------------------------------------------------------------------------


def test_workbook_is_read_as_its_text_is() -> None:
    read = read_sheet(book(PERSON, at=3))
    assert problems(read) == []
    assert [(line.row, line.cells[Column.EMAIL], line.cells[Column.FIRST_NAME]) for line in read.lines] == [
        (4, "Zoe@Exemple.CA", "Zoé")
    ]


def test_dates_and_numbers_of_a_workbook_are_read_as_they_are_written() -> None:
    made = Workbook()
    noon = datetime.combine(date(2027, 1, 18), time(12))
    made.worksheets[0].append([date(2027, 1, 18), noon, 12.0, 1.5, 7])
    buffer = io.BytesIO()
    made.save(buffer)
    read = read_records(buffer.getvalue(), most=5, likeness=len)
    assert read.rows == ((1, ["2027-01-18", "2027-01-18T12:00:00", "12", "1.5", "7"]),)


def test_formula_of_a_workbook_is_refused_in_its_place() -> None:
    read = read_sheet(book(PERSON, ("a@exemple.ca", '=HYPERLINK("http://x")', "Roy", "Formatrice", "havre")))
    assert problems(read) == [(3, "import_formula", "prenom")]


@pytest.mark.parametrize("cell", ["=1+1", "+1 418 555-0100", "-Roy", "@SUM(A1)", "＝cmd", " =A1"])
def test_cell_that_a_spreadsheet_would_compute_is_refused(cell: str) -> None:
    assert problems(sheet_of(HEADER, ALIX.replace("Tremblay", cell))) == [(2, "import_formula", "nom")]


def test_headings_that_come_again_are_refused() -> None:
    assert problems(sheet_of(HEADER, ALIX, HEADER, ALIX)) == [(3, "import_headings_again", "row")]


def test_sheet_without_headings_loses_no_person() -> None:
    assert problems(sheet_of(ALIX, ALIX)) == [(1, "import_no_headings", None)]


def test_workbook_that_unpacks_to_more_than_the_limit_is_refused_unread() -> None:
    bomb = replaced(book(PERSON), "xl/worksheets/sheet1.xml", b" " * (UNPACKED_BYTES + 1))
    assert len(bomb) < MEGABYTE
    assert problems(read_sheet(bomb)) == [(1, "import_too_large", None)]


def test_workbook_with_a_document_type_is_refused() -> None:
    part = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>'
    assert problems(read_sheet(replaced(book(PERSON), "xl/worksheets/sheet1.xml", part))) == [
        (1, "import_unreadable", None)
    ]


def test_open_document_is_refused_as_another_kind_of_workbook() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert problems(read_sheet(buffer.getvalue())) == [(1, "import_workbook", None)]


def test_cell_a_million_rows_below_is_not_reached() -> None:
    made = Workbook()
    made.worksheets[0].cell(1, 1, "courriel")
    made.worksheets[0].cell(LAST_ROW + 1, 1, "x")
    buffer = io.BytesIO()
    made.save(buffer)
    read = read_records(buffer.getvalue(), most=5, likeness=len)
    assert read.problem is not None
    assert (read.problem.row, read.problem.reason.code) == (LAST_ROW + 1, "import_rows")


# What is no list ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\xff\xd8\xff\xe0\x00\x10JFIF", b"GIF89a\x01\x00", b"%PDF-1.7\n",
        b"\x00\x00\x00\x18ftypheic", b"courriel;nom\r\na\x00b;c\r\n",
    ],
)  # fmt: skip
def test_picture_or_document_renamed_csv_is_refused(data: bytes) -> None:
    [problem] = read_sheet(data).problems
    assert problem.reason.code == "import_not_text"
    assert "image" in explain(problem.reason)


def test_row_of_more_cells_than_a_list_has_is_refused() -> None:
    assert problems(sheet_of(HEADER, ALIX + ";" * 60 + "x")) == [(2, "import_columns", "row")]


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, is_workbook: bool) -> None:
    read_sheet(b"PK\x03\x04" + data if is_workbook else data)


# Memory ------------------------------------------------------------------------------------------


def many(rows: int) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";")
    writer.writerow(HEADER.split(";"))
    for number in range(rows):
        writer.writerow([f"personne{number}@exemple.ca", "Prénom", "Nom de famille", "Formatrice", "havre", ""])
    return buffer.getvalue().encode()


def measured(data: bytes, most: int) -> tuple[Sheet, int]:
    """Return what is read and the most memory that reading took."""
    tracemalloc.start()
    try:
        read = read_sheet(data, most=most)
        return read, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "line"])
def test_file_of_twenty_thousand_rows_is_refused_at_the_first_row_too_many_in_bounded_memory(kind: str) -> None:
    data = {
        "csv": lambda: many(20_000),
        "xlsx": lambda: book(*((f"p{n}@exemple.ca", "Prénom", f"Nom {n}") for n in range(20_000))),
        "line": lambda: b"courriel;nom\r\n" + b"x" * 10 * MEGABYTE,
    }[kind]()
    read, peak = measured(data, 500)
    assert read.lines == ()
    if kind != "line":
        assert read.problems[0].reason.code == "import_rows"
        assert 502 <= read.problems[0].row <= 512
    assert peak < 100 * MEGABYTE


# Kept as text ------------------------------------------------------------------------------------


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=9), max_size=4))
)
def test_sheet_as_text_reads_as_the_same_rows(rows: list[list[str]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=";").writerows([["courriel", "nom", "x", "y"], *rows])
    first = read_records(buffer.getvalue().encode(), most=500, likeness=len)
    again = read_records(as_text(first.rows).encode(), most=500, likeness=len)
    assert again.rows == first.rows
