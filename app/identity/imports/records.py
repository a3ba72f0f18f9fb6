"""Reading the rows of a file as spreadsheets save it, CSV or XLSX: its encoding, its separator, its limits; pure.

Rows are numbered as the spreadsheet numbers them: blank rows and line breaks within a cell count as there. What is
too large is refused before it is read whole, at the row where it is too large.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from app.identity.imports.workbooks import UnreadableWorkbook, rows_of_workbook
from app.platform.errors import Reason
from app.platform.text import RefusedCharacter, clean_line

MOST_COLUMNS = 50
TITLES = 10
"""Among how many filled rows the headings are looked for."""
LAST_ROW = 100_000
"""The last row that is looked at: a single cell far below would be reached through a million blank rows."""
LONGEST_ROW = 130_000
"""The most signs of a row, its blank cells included; the ``csv`` module stops at a cell of 131 072."""
LONGEST_CELL = 300
"""The signs of a cell that are kept: one that any column takes has fewer."""
DELIMITERS = (";", ",", "\t")
ARCHIVE = b"PK\x03\x04"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
"""First bytes of XLS files, and of XLSX files with a password."""
PICTURES_AND_DOCUMENTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"RIFF", b"II*\x00", b"MM\x00*")
BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UTF_8 = "utf-8"
WINDOWS = "windows-1252"
"""What French spreadsheets write under « CSV » without more."""
ABOUT_ROW = "row"
"""The ``field`` of a problem that concerns a whole row."""

Record = tuple[int, list[str]]
Likeness = Callable[[Sequence[str]], int]
"""How many headings that are known a row has."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What to correct in the sheet: the row, and a reason whose ``field`` is the column's heading there."""

    row: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Records:
    """The rows of a file that are not blank, with their numbers; what stopped the reading; the encoding."""

    rows: tuple[Record, ...] = ()
    problem: Problem | None = None
    encoding: str = UTF_8


def read_records(data: bytes, *, most: int, likeness: Likeness) -> Records:
    """Return the rows of a file; reading stops beyond ``most`` people under their headings.

    ``likeness`` tells the separator: the one that cuts the most known headings.
    """
    if data.startswith(ARCHIVE):
        return _of_workbook(data, most)
    if data.startswith(OLD_WORKBOOK):
        return Records(problem=Problem(1, Reason("import_workbook")))
    if data.startswith(PICTURES_AND_DOCUMENTS):
        return Records(problem=Problem(1, Reason("import_not_text")))
    try:
        text, encoding = _decode(data)
    except UnicodeDecodeError:
        return Records(problem=Problem(1, Reason("import_encoding")))
    if "\x00" in text:
        return Records(problem=Problem(1 + text.count("\n", 0, text.index("\x00")), Reason("import_not_text")))
    rows, problem = _of_text(text, most, likeness)
    return Records(tuple(rows), problem, encoding)


def as_text(rows: Iterable[Record]) -> str:
    """Return rows as CSV text that reads as the same rows, with the same numbers."""
    buffer, written = io.StringIO(newline=""), 0
    writer = csv.writer(buffer, delimiter=DELIMITERS[0], lineterminator="\n")
    for row, cells in rows:
        buffer.write("\n" * (row - written - 1))
        writer.writerow(cells)
        written = row
    return buffer.getvalue()


def _cell(text: str) -> str:
    """Return a cell's text, cleaned, with single spaces; what is refused stays, to be named in its place later."""
    text = text[:LONGEST_CELL]
    with suppress(RefusedCharacter):
        text = clean_line(text)
    return " ".join(text.split())


def _bounded(numbered: Iterable[tuple[int, Sequence[str]]], most: int) -> tuple[list[Record], Problem | None]:
    """Return the rows that are not blank, and the first one that is too many, too wide or too far below."""
    rows: list[Record] = []
    for row, texts in numbered:
        if row > LAST_ROW:
            return rows, Problem(row, Reason("import_last_row", {"n": LAST_ROW}, ABOUT_ROW))
        if not any(texts):
            continue
        cells = [_cell(text) for text in texts[:MOST_COLUMNS]]
        if any(texts[MOST_COLUMNS:]):
            return rows, Problem(row, Reason("import_columns", {"n": MOST_COLUMNS}, ABOUT_ROW))
        if not any(cells):
            continue
        if len(rows) > most + TITLES:
            return rows, Problem(row, Reason("import_rows", {"n": most}, ABOUT_ROW))
        rows.append((row, cells))
    return rows, None


def _of_workbook(data: bytes, most: int) -> Records:
    try:
        rows, problem = _bounded(rows_of_workbook(data, last_row=LAST_ROW, columns=MOST_COLUMNS), most)
    except UnreadableWorkbook as error:
        return Records(problem=Problem(1, Reason(error.code)))
    return Records(tuple(rows), problem)


# CSV --------------------------------------------------------------------------------------------


def _decode(data: bytes) -> tuple[str, str]:
    """Return the text and its encoding: the byte-order mark's, UTF-8, else Windows-1252."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(encoding), encoding
    try:
        return data.decode(UTF_8), UTF_8
    except UnicodeDecodeError:
        return data.decode(WINDOWS), WINDOWS


def _of_text(text: str, most: int, likeness: Likeness) -> tuple[list[Record], Problem | None]:
    """Return the rows of a text, and what stops the reading: too many, or quotes that do not pair."""
    hint = re.match(r'"?sep=(.)"?\r?\n', text, flags=re.IGNORECASE)  # what Excel itself writes to name its separator
    body, first = (text[hint.end() :], 2) if hint else (text, 1)
    delimiter = hint[1] if hint else max(DELIMITERS, key=lambda d: _fitness(body, d, likeness))
    at = first

    def numbered() -> Iterator[tuple[int, list[str]]]:
        nonlocal at
        for cells in _rows(body, delimiter):
            yield at, cells
            at += 1

    try:
        return _bounded(numbered(), most)
    except RowTooLong:
        return [], Problem(at, Reason("import_row_long", {"n": LONGEST_ROW}, ABOUT_ROW))
    except csv.Error:
        return [], Problem(at, Reason("import_quotes", field=ABOUT_ROW))


class RowTooLong(Exception):
    """Raised at a row of a text that is longer than ``LONGEST_ROW``, before it is cut into cells."""


class Lines:
    """The lines of a text; ``begin_row`` says that the lines to come are another row's."""

    def __init__(self, text: str) -> None:
        self._file = io.StringIO(text, newline="")
        self._taken = 0

    def begin_row(self) -> None:
        """Count the signs of a row from here."""
        self._taken = 0

    def __iter__(self) -> Iterator[str]:
        """Yield the lines; raise ``RowTooLong``."""
        while line := self._file.readline(LONGEST_ROW + 1):
            self._taken += len(line)
            if self._taken > LONGEST_ROW:
                raise RowTooLong
            yield line


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = Lines(text)
    for cells in csv.reader(lines, delimiter=delimiter, strict=True):
        yield cells
        lines.begin_row()


def _fitness(text: str, delimiter: str, likeness: Likeness) -> tuple[int, int]:
    """Return the most headings that a row at the top has when cut at a delimiter, then the most cells."""
    most, cells_in_row = 0, 0
    with suppress(csv.Error, RowTooLong):
        for cells in islice(_rows(text, delimiter), 2 * TITLES):
            most, cells_in_row = max(most, likeness(cells)), max(cells_in_row, len(cells))
    return most, cells_in_row
