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

from app.identity.imports.records import LAST_ROW, LONGEST_ROW, as_text, read_records
from app.identity.imports.sheet import Column, Sheet, read_sheet
from app.identity.imports.workbooks import MOST_CELLS, MOST_OTHERS, UNPACKED_BYTES
from app.platform.messages.i18n import explain
from tests.identity.test_import_rules import ALIX, HEADER, problems, sheet_of

MEGABYTE = 1_000_000
SHEET = "xl/worksheets/sheet1.xml"
PERSON = ("Zoe@Exemple.CA ", " Zoé", "Noël", "Formatrice", "havre", "")


def book(*rows: tuple[str, ...], at: int = 1) -> bytes:
    """Return a workbook of the headings at row ``at``, and some rows."""
    made = Workbook()
    sheet = made.worksheets[0]
    for number, row in enumerate((tuple(HEADER.split(";")), *rows), at):
        for place, value in enumerate(row, 1):
            sheet.cell(number, place, value)
    return made_of(made)


def made_of(workbook: Workbook) -> bytes:
    """Return a workbook as a file."""
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def wrapped(content: str) -> bytes:
    """Return elements as a part of a workbook."""
    return f'<x xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{content}</x>'.encode()


def with_rows(rows: str) -> bytes:
    """Return a workbook whose sheet has these rows, written as they stand in it."""
    return replaced(book(), SHEET, wrapped(f"<sheetData>{rows}</sheetData>"))


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
    read = read_records(made_of(made), most=5, likeness=len)
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
    bomb = replaced(book(PERSON), SHEET, b" " * (UNPACKED_BYTES + 1))
    assert len(bomb) < MEGABYTE
    assert problems(read_sheet(bomb)) == [(1, "import_too_large", None)]


def test_workbook_with_a_document_type_is_refused() -> None:
    part = '<?xml version="1.0"?>{}<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>'
    hidden = part.format(f"<!--{'x' * 2000}-->")
    for text in (part.format("").encode(), hidden.encode(), hidden.encode("utf-16")):
        assert problems(read_sheet(replaced(book(PERSON), SHEET, text))) == [(1, "import_unreadable", None)]


def test_open_document_is_refused_as_another_kind_of_workbook() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert problems(read_sheet(buffer.getvalue())) == [(1, "import_workbook", None)]


@pytest.mark.parametrize("row", [LAST_ROW + 1, 8_000_000])
def test_cell_far_below_is_refused_where_reading_stops(row: int) -> None:
    """A cell at row 8 000 000 is reached through as many blank rows: a minute at full speed, from 5 kB."""
    far = f'<row r="1"><c r="A1"/></row><row r="{row}"><c r="A{row}"><v>1</v></c></row>'
    assert problems(read_sheet(with_rows(far))) == [(LAST_ROW + 1, "import_last_row", "row")]


def test_rows_that_hold_a_last_column_alone_are_read_as_far_as_a_list_goes() -> None:
    """Each would be 16 384 cells: 330 million of them in 20 000 rows, from 60 kB."""
    read, peak = measured(with_rows('<row><c r="XFD1"/></row>' * 20_000), 500)
    assert problems(read) == [(1, "import_empty", None)]
    assert peak < 20 * MEGABYTE


def test_value_beyond_the_last_column_of_a_list_is_refused_with_its_row() -> None:
    wide = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="AY2"><v>1</v></c></row>'
    assert problems(read_sheet(with_rows(wide))) == [(2, "import_columns", "row")]


@pytest.mark.parametrize(
    ("part", "content"),
    [
        (SHEET, "<row>" + "<c/>" * (MOST_CELLS + 1) + "</row>"),
        (SHEET, '<row><c t="inlineStr"><is>' + "<r/>" * (MOST_OTHERS + 1) + "</is></c></row>"),
        ("xl/styles.xml", "<cellXfs>" + "<xf/>" * (MOST_OTHERS + 1) + "</cellXfs>"),
        ("docProps/core.xml", "<x/>" * (MOST_OTHERS + 1)),
    ],
    ids=["cells of a row", "pieces of a text", "styles", "properties"],
)
def test_workbook_of_more_elements_than_a_list_has_is_refused_before_they_are_objects(part: str, content: str) -> None:
    read, peak = measured(with_rows(content) if part == SHEET else replaced(book(PERSON), part, wrapped(content)), 500)
    assert problems(read) == [(1, "import_too_large", None)]
    assert peak < 20 * MEGABYTE


def test_blank_rows_with_a_style_under_a_list_are_no_obstacle() -> None:
    """Ten thousand rows of twenty cells that were given a colour, as spreadsheets keep them."""
    made = Workbook()
    sheet = made.worksheets[0]
    sheet.append(HEADER.split(";"))
    sheet.append(PERSON)
    people = made_of(made)
    styled = "".join(f'<row r="{row}">' + "<c/>" * 20 + "</row>" for row in range(3, 10_000))
    with zipfile.ZipFile(io.BytesIO(people)) as archive:
        content = archive.read(SHEET).replace(b"</sheetData>", styled.encode() + b"</sheetData>")
    read = read_sheet(replaced(people, SHEET, content))
    assert problems(read) == []
    assert len(read.lines) == 1


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


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_file_of_twenty_thousand_rows_is_refused_at_the_first_row_too_many_in_bounded_memory(kind: str) -> None:
    data = {
        "csv": lambda: many(20_000),
        "xlsx": lambda: book(*((f"p{n}@exemple.ca", "Prénom", f"Nom {n}") for n in range(20_000))),
    }[kind]()
    read, peak = measured(data, 500)
    assert read.lines == ()
    assert read.problems[0].reason.code == "import_rows"
    assert 502 <= read.problems[0].row <= 512
    assert peak < 100 * MEGABYTE


@pytest.mark.parametrize(
    ("text", "row", "code"),
    [
        ("\n" * 10 * MEGABYTE, LAST_ROW + 1, "import_last_row"),
        (" ;\n" * 3 * MEGABYTE, LAST_ROW + 1, "import_last_row"),
        ("courriel;nom\n" + "x" * 10 * MEGABYTE, 2, "import_row_long"),
        ("courriel;nom\n" + ";" * 10 * MEGABYTE, 2, "import_row_long"),
        ("courriel;nom\n" + '"\n";' * 2 * MEGABYTE, 2, "import_row_long"),
        ("courriel;nom\n" + " " * (LONGEST_ROW + 1), 2, "import_row_long"),
    ],
    ids=["blank lines", "blank cells", "a cell", "separators", "cells of several lines", "spaces"],
)
def test_text_that_is_no_list_is_refused_where_it_stops_being_a_list(text: str, row: int, code: str) -> None:
    read, peak = measured(text.encode(), 500)
    assert problems(read) == [(row, code, "row")]
    assert peak < 60 * MEGABYTE


def test_text_with_one_sign_of_four_bytes_is_read_in_bounded_memory() -> None:
    _, peak = measured(("courriel;nom\n😀" + "x" * 10 * MEGABYTE).encode(), 500)
    assert peak < 150 * MEGABYTE


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
