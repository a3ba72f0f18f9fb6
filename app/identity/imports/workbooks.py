"""Reading the first sheet of an XLSX file, held to limits before it is read; pure.

What a part declares costs nothing until something reads it: sizes come from the archive, and its elements are counted
as they stream by, before the reader builds an object for each.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from xml.parsers import expat

UNPACKED_BYTES = 20_000_000
"""Largest content of a workbook: one of 5 000 people has about 2 MB."""
MOST_PARTS = 1000
CELLS = frozenset({"row", "c", "v", "f", "is", "t", "si"})
"""The elements that a sheet of people is made of; each of the others becomes an object of its own."""
MOST_CELLS = 300_000
"""The most of these: 10 000 rows that have a style and nothing else have some 200 000; read in a second, in 50 MB."""
MOST_OTHERS = 50_000
"""The most of the others: styles and lists of choices, for the most part; read in about as much."""
PIECE = 65_536


class UnreadableWorkbook(Exception):
    """Raised for a workbook that is not read; ``code`` is that of the reason."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Elements:
    """Counts the elements of a workbook's parts, and refuses too many of them, or a document type."""

    def __init__(self) -> None:
        self.cells = self.others = 0

    def count(self, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
        """Count those of a part; one that is no XML, or no longer, is left to the reader, which stops there too."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._begin
        parser.StartDoctypeDeclHandler = self._refuse
        with archive.open(part) as content:
            try:
                while piece := content.read(PIECE):
                    parser.Parse(piece)
            except expat.ExpatError:
                return

    def _begin(self, name: str, _: object) -> None:
        if name.rpartition(" ")[2] in CELLS:
            self.cells += 1
        else:
            self.others += 1
        if self.cells > MOST_CELLS or self.others > MOST_OTHERS:
            raise UnreadableWorkbook("import_too_large")

    def _refuse(self, *_: object) -> None:
        raise UnreadableWorkbook("import_unreadable")


def rows_of_workbook(data: bytes, *, last_row: int, columns: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the first sheet with their numbers, one row and one column beyond the limits at most.

    Raises ``UnreadableWorkbook``, before the first row or at any other.
    """
    from openpyxl import load_workbook  # noqa: PLC0415 - 9 MB with lxml, where a workbook is read

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive)
        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be anything
        rows = sheet.iter_rows(max_row=last_row + 1, max_col=columns + 1, values_only=True)
        for row, values in enumerate(rows, 1):
            filled = next((n for n in range(len(values), 0, -1) if values[n - 1] is not None), 0)
            yield row, [_text_of(value) for value in values[:filled]]
    except UnreadableWorkbook:
        raise
    except Exception:  # a file from anywhere: whatever a part of it makes the reader raise, it cannot be read
        raise UnreadableWorkbook("import_unreadable") from None


def _check(archive: zipfile.ZipFile) -> None:
    """Raise ``UnreadableWorkbook`` for an archive that is too large, or no workbook."""
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
        raise UnreadableWorkbook("import_too_large")
    if "xl/workbook.xml" not in archive.namelist():
        raise UnreadableWorkbook("import_workbook")
    elements = Elements()
    for part in parts:
        elements.count(archive, part)


def _text_of(value: object) -> str:
    """Return the value of a cell as text: days as ISO writes them, whole numbers without a point, formulas as typed."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
