"""Reading a sheet of people: its headings, its columns, its cells; pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from app.identity.imports.records import ABOUT_ROW, TITLES, UTF_8, Problem, Record, as_text, read_records
from app.platform.documents.spreadsheets import FORMULA_STARTS
from app.platform.errors import Reason
from app.platform.messages.addresses import valid_address
from app.platform.search import search_words

MAX_ROWS = 5000


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
HEADINGS_ENOUGH = 2
"""How many known headings make a row the one of the headings."""
NAMES = (Column.FIRST_NAME, Column.LAST_NAME)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a person, with its cells by column: NFC, single spaces, empty when there is none."""

    row: int
    cells: Mapping[Column, str]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as typed, with its column; ``None``: it is not known, or the column is left out by choice.

    ``place`` is that of the column in ``Sheet.text``; ``None``: it is not in it.
    """

    place: int | None
    text: str
    column: Column | None
    is_known: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as read: its rows, the heading of each column as typed, what is wrong so far, its encoding.

    ``text`` is the sheet as CSV, with the same numbers of rows: what is used of it, or may be; columns that were
    matched by hand have the headings that they were matched with. ``columns`` are its headings, in order.
    """

    lines: tuple[Line, ...] = ()
    headings: Mapping[Column, str] | None = None
    problems: tuple[Problem, ...] = ()
    encoding: str = UTF_8
    text: str = ""
    columns: tuple[Heading, ...] = ()

    def heading(self, column: Column) -> str:
        """Return the heading of a column as the sheet writes it."""
        return (self.headings or {}).get(column, column.value)


NO_CHOICE: Mapping[int, Column | None] = MappingProxyType({})


def read_sheet(
    data: bytes,
    *,
    required: Sequence[Column] = REQUIRED,
    most: int = MAX_ROWS,
    chosen: Mapping[int, Column | None] = NO_CHOICE,
) -> Sheet:
    """Return the rows of a CSV or XLSX file with all that is wrong in its form; blank rows are left out.

    ``chosen``: the column of a heading that is not known, by its place, ``None`` to leave it out.
    """
    read = read_records(data, most=most, likeness=_known_headings)
    if not read.rows:
        problem = read.problem or Problem(1, Reason("import_empty"))
        return Sheet(problems=(problem,), encoding=read.encoding)
    (header_row, header), *rows = read.rows[_titles_above(read.rows) :]
    if read.problem is not None or len(rows) > most:
        problem = read.problem or Problem(rows[most][0], Reason("import_rows", {"n": most}, ABOUT_ROW))
        return Sheet(problems=(problem,), encoding=read.encoding)
    if any("@" in cell for cell in header):
        return Sheet(
            problems=(Problem(header_row, Reason("import_no_headings")),),
            encoding=read.encoding,
            text=as_text(read.rows),
        )
    columns, problems = _columns(header_row, header, [cells for _, cells in rows], chosen)
    places = {heading.column: place for place, heading in columns.items() if heading.column is not None}
    text, shown = _used(header_row, header, rows, columns)
    problems += [
        Problem(header_row, Reason("import_missing", field=column.value)) for column in _missing(places, required)
    ]
    if problems and not _is_readable(places, required):
        return Sheet(problems=tuple(problems), encoding=read.encoding, text=text, columns=shown)
    headings = {column: header[place] for column, place in places.items()}
    lines = []
    for row, cells in rows:
        reasons = _form_reasons(
            cells, len(header), {column: (place, headings[column]) for column, place in places.items()}
        )
        if reasons:
            problems += [Problem(row, reason) for reason in reasons]
            continue
        values = {column: cells[place] if place < len(cells) else "" for column, place in places.items()}
        lines.append(Line(row, values))
    return Sheet(tuple(lines), headings, tuple(problems), read.encoding, text, shown)


def _used(
    header_row: int, header: Sequence[str], rows: Sequence[Record], columns: Mapping[int, Heading]
) -> tuple[str, tuple[Heading, ...]]:
    """Return the columns that are of use, or may be, as text under their headings, and the headings with their places.

    What stands beyond the headings stays, to be corrected there.
    """
    kept = [place for place, heading in columns.items() if heading.place is not None]
    titles = [
        heading.column.value if heading.column is not None and not heading.is_known else header[place]
        for place, heading in columns.items()
        if heading.place is not None
    ]
    lines = [
        (row, [cells[place] if place < len(cells) else "" for place in kept] + _beyond(cells, len(header)))
        for row, cells in rows
    ]
    places = {place: n for n, place in enumerate(kept)}
    shown = tuple(replace(heading, place=places.get(place)) for place, heading in columns.items())
    return as_text([(header_row, titles), *lines]), shown


def _beyond(cells: Sequence[str], width: int) -> list[str]:
    """Return the cells of a row beyond the headings, where one is filled."""
    return list(cells[width:]) if any(cells[width:]) else []


def _form_reasons(cells: Sequence[str], width: int, places: Mapping[Column, tuple[int, str]]) -> list[Reason]:
    """Return what is wrong with the form of a row: its cells are shifted, are headings again, or hold a formula."""
    if any(cells[width:]):  # a value holds the separator: the columns after it are shifted
        return [Reason("import_cells", field=ABOUT_ROW)]
    if _known_headings(cells) >= HEADINGS_ENOUGH:
        return [Reason("import_headings_again", field=ABOUT_ROW)]
    return [
        Reason("import_formula", field=heading)
        for column, (place, heading) in places.items()
        if place < len(cells)
        and _is_formula(cells[place])
        and not (column is Column.EMAIL and _is_address(cells[place]))
    ]


def _is_formula(cell: str) -> bool:
    """Return whether a spreadsheet would compute a cell."""
    return len(cell) > 1 and cell[0] in FORMULA_STARTS


def _is_address(cell: str) -> bool:
    """Return whether a cell is an e-mail address, which may begin with any of those signs but ``@``."""
    try:
        valid_address(cell)
    except ValueError:
        return False
    return True


def _titles_above(filled: Sequence[Record]) -> int:
    """Return how many rows stand above the headings: the title of a sheet, its date."""
    known = (len({COLUMN_OF.get(heading_key(cell)) for cell in cells} - {None}) for _, cells in filled[:TITLES])
    return next((place for place, number in enumerate(known) if number >= HEADINGS_ENOUGH), 0)


def heading_key(heading: str) -> str:
    """Return a heading as compared: no accents, case, spaces or signs, nor what stands in brackets."""
    return "".join(search_words(re.sub(r"\([^)]*\)", " ", heading)))


def _known_headings(cells: Sequence[str]) -> int:
    """Return how many known headings a row has."""
    return len({heading_key(cell) for cell in cells} & (COLUMN_OF.keys() | PASSWORDS))


def _columns(
    row: int, header: Sequence[str], rows: Sequence[Sequence[str]], chosen: Mapping[int, Column | None]
) -> tuple[dict[int, Heading], list[Problem]]:
    """Return each heading in use by its place, and what is wrong with the headings: unknown, twice, a password's."""
    columns: dict[int, Heading] = {}
    taken: set[Column] = set()
    problems = []
    valid = ", ".join(Column)
    for place, heading in enumerate(header):
        key = heading_key(heading)
        known = COLUMN_OF.get(key)
        column = known or chosen.get(place)
        is_used = heading or any(cells[place] for cells in rows if place < len(cells))
        name = heading or str(place + 1)
        if key in PASSWORDS:
            problems.append(Problem(row, Reason("import_passwords", field=heading)))
            continue
        if column in taken:
            problems.append(Problem(row, Reason("import_heading_twice", field=name)))
            column = None
        elif column is not None:
            taken.add(column)
        elif is_used and place not in chosen:
            problems.append(Problem(row, Reason("import_heading", {"valid": valid}, name)))
        if is_used:
            is_left_out = place in chosen and chosen[place] is None and known is None
            columns[place] = Heading(None if is_left_out else place, name, column, known is not None)
    return columns, problems


def _missing(places: Mapping[Column, int], required: Sequence[Column]) -> list[Column]:
    """Return the columns that a sheet must have and has not."""
    missing = [column for column in required if column not in places]
    return missing + ([] if any(column in places for column in NAMES) else [Column.LAST_NAME])


def _is_readable(places: Mapping[Column, int], required: Sequence[Column]) -> bool:
    """Return whether the rows make sense in spite of problems with the headings."""
    return all(column in places for column in required) and any(column in places for column in NAMES)
