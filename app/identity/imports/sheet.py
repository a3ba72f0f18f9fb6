"""Reading a sheet of people as spreadsheets save it: its encoding, its separator, its headings; pure.

Rows are numbered as the spreadsheet numbers them: blank rows and line breaks within a cell count as there.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from app.platform.errors import Reason
from app.platform.search import search_words
from app.platform.text import RefusedCharacter, clean_line

MAX_ROWS = 5000
DELIMITERS = (";", ",", "\t")
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of XLSX and ODS files, and of XLS files: workbooks, not text."""
BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UTF_8 = "utf-8"
WINDOWS = "windows-1252"
"""What French spreadsheets write under « CSV » without more."""
ABOUT_ROW = "row"
"""The ``field`` of a problem that concerns a whole row."""


class Column(StrEnum):
    """A column, by the heading that the documentation gives it."""

    EMAIL = "courriel"
    FIRST_NAME = "prenom"
    LAST_NAME = "nom"
    CHOSEN_NAME = "nom_usuel"
    ROLE = "role"
    COLLEGE = "college"
    COHORT = "cohorte"


HEADINGS: Mapping[Column, str] = {
    Column.EMAIL: "courriel adressecourriel adressedecourriel courrielelectronique adresseelectronique email"
    " emailaddress mail",
    Column.FIRST_NAME: "prenom prenoms prenomlegal firstname firstnames givenname givennames legalfirstname",
    Column.LAST_NAME: "nom noms nomdefamille nomlegal lastname surname familyname legallastname",
    Column.CHOSEN_NAME: "nomusuel nomchoisi nomdusage nomaffiche chosenname preferredname displayname",
    Column.ROLE: "role roles fonction",
    Column.COLLEGE: "college collegial cegep etablissement institution",
    Column.COHORT: "cohorte cohort groupe codedecohorte cohortcode",
}
"""The headings of each column, as :func:`heading_key` writes them, in French and English."""
COLUMN_OF = {heading: column for column, headings in HEADINGS.items() for heading in headings.split()}
PASSWORDS = frozenset(["motdepasse", "motpasse", "mdp", "password", "passwd"])
REQUIRED = (Column.EMAIL, Column.ROLE)
TITLES = 10
"""Among how many filled rows the headings are looked for."""
NAMES = (Column.FIRST_NAME, Column.LAST_NAME)


@dataclass(frozen=True, slots=True)
class Problem:
    """What to correct in the sheet: the row, and a reason whose ``field`` is the column's heading there."""

    row: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a person, with its cells by column: NFC, single spaces, empty when there is none."""

    row: int
    cells: Mapping[Column, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as read: its rows, the heading of each column as typed, what is wrong so far, its encoding."""

    lines: tuple[Line, ...] = ()
    headings: Mapping[Column, str] | None = None
    problems: tuple[Problem, ...] = ()
    encoding: str = UTF_8

    def heading(self, column: Column) -> str:
        """Return the heading of a column as the sheet writes it."""
        return (self.headings or {}).get(column, column.value)


def read_sheet(data: bytes) -> Sheet:
    """Return the rows of a CSV file with all that is wrong in its form; blank rows are left out."""
    if data.startswith(WORKBOOKS):
        return Sheet(problems=(Problem(1, Reason("import_workbook")),))
    try:
        text, encoding = _decode(data)
    except UnicodeDecodeError:
        return Sheet(problems=(Problem(1, Reason("import_encoding")),))
    records, problem = _records(text)
    if problem is not None:
        return Sheet(problems=(problem,), encoding=encoding)
    filled = [(row, cells) for row, cells in records if any(cells)]
    if not filled:
        return Sheet(problems=(Problem(1, Reason("import_empty")),), encoding=encoding)
    (header_row, header), *rows = filled[_titles_above(filled) :]
    places, problems = _columns(header_row, header, [cells for _, cells in rows])
    if len(rows) > MAX_ROWS:
        problems.append(Problem(header_row, Reason("import_rows", {"n": MAX_ROWS})))
    if problems and not _is_readable(places):
        return Sheet(problems=tuple(problems), encoding=encoding)
    lines = []
    for row, cells in rows[:MAX_ROWS]:
        if any(cells[len(header) :]):  # a value holds the separator: the columns after it are shifted
            problems.append(Problem(row, Reason("import_cells", field=ABOUT_ROW)))
            continue
        values = {column: cells[place] if place < len(cells) else "" for column, place in places.items()}
        lines.append(Line(row, values))
    headings = {column: header[place] for column, place in places.items()}
    return Sheet(tuple(lines), headings, tuple(problems), encoding)


def _titles_above(filled: Sequence[tuple[int, list[str]]]) -> int:
    """Return how many rows stand above the headings: the title of a sheet, its date."""
    known = (len({COLUMN_OF.get(heading_key(cell)) for cell in cells} - {None}) for _, cells in filled[:TITLES])
    return next((place for place, number in enumerate(known) if number >= len(REQUIRED)), 0)


def heading_key(heading: str) -> str:
    """Return a heading as compared: no accents, case, spaces or signs, nor what stands in brackets."""
    return "".join(search_words(re.sub(r"\([^)]*\)", " ", heading)))


def _cell(text: str) -> str:
    """Return a cell's text, cleaned, with single spaces; what is refused stays, to be named in its place later."""
    with suppress(RefusedCharacter):
        text = clean_line(text)
    return " ".join(text.split())


def _decode(data: bytes) -> tuple[str, str]:
    """Return the text and its encoding: the byte-order mark's, UTF-8, else Windows-1252."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(encoding), encoding
    try:
        return data.decode(UTF_8), UTF_8
    except UnicodeDecodeError:
        return data.decode(WINDOWS), WINDOWS


def _records(text: str) -> tuple[list[tuple[int, list[str]]], Problem | None]:
    """Return the rows with their number, and what stops the reading: quotes that do not pair."""
    hint = re.match(r'"?sep=(.)"?\r?\n', text, flags=re.IGNORECASE)  # what Excel itself writes to name its separator
    body, first = (text[hint.end() :], 2) if hint else (text, 1)
    delimiter = hint[1] if hint else max(DELIMITERS, key=lambda d: _known_headings(body, d))
    records: list[tuple[int, list[str]]] = []
    try:
        for row, cells in enumerate(_reader(body, delimiter), first):
            records.append((row, [_cell(cell) for cell in cells]))
    except csv.Error:
        return [], Problem(len(records) + first, Reason("import_quotes", field=ABOUT_ROW))
    return records, None


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _known_headings(text: str, delimiter: str) -> int:
    """Return the most headings that a row at the top has when cut at a delimiter."""
    most = 0
    with suppress(csv.Error):
        for cells in islice(_reader(text, delimiter), 2 * TITLES):
            most = max(most, len({heading_key(cell) for cell in cells} & (COLUMN_OF.keys() | PASSWORDS)))
    return most


def _columns(row: int, header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[dict[Column, int], list[Problem]]:
    """Return where each column stands, and what is wrong with the headings: unknown, twice, missing."""
    places: dict[Column, int] = {}
    problems = []
    valid = ", ".join(Column)
    for place, heading in enumerate(header):
        key = heading_key(heading)
        column = COLUMN_OF.get(key)
        if key in PASSWORDS:
            problems.append(Problem(row, Reason("import_passwords", field=heading)))
        elif column in places:
            problems.append(Problem(row, Reason("import_heading_twice", field=heading)))
        elif column is not None:
            places[column] = place
        elif heading or any(cells[place] for cells in rows if place < len(cells)):
            problems.append(Problem(row, Reason("import_heading", {"valid": valid}, heading or str(place + 1))))
    missing = [column for column in REQUIRED if column not in places]
    missing += [] if any(column in places for column in NAMES) else [Column.LAST_NAME]
    problems += [Problem(row, Reason("import_missing", field=column.value)) for column in missing]
    return places, problems


def _is_readable(places: Mapping[Column, int]) -> bool:
    """Return whether the rows make sense in spite of problems with the headings."""
    return all(column in places for column in REQUIRED) and any(column in places for column in NAMES)
