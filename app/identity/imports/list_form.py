"""The form of a list of people on a page: pasted or in a file, read back, corrected, confirmed (decision 32)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote_plus

from fastapi import Request, Response, UploadFile
from pydantic import StringConstraints

from app.identity.imports.enums import ACTS
from app.identity.imports.people import MOST_PEOPLE, Answers
from app.identity.imports.records import ABOUT_ROW, Problem
from app.identity.imports.schemas import PeoplePreview
from app.identity.imports.sheet import REQUIRED, Column, Sheet, read_sheet
from app.platform.documents import spreadsheets
from app.platform.documents.spreadsheets import CSV, XLSX, Flavour, csv_file, workbook
from app.platform.errors import Invalid, Reason
from app.platform.messages.i18n import t
from app.platform.schema import Command
from app.platform.web.pages import attachment, render

LARGEST_MEGABYTES = 10
"""The largest file that is read, also where larger ones are handed in: 500 people have some 60 kB."""
LONGEST_TEXT = 500_000
"""The most signs of a list that is pasted, and of one that goes back and forth as a form writes it: with an answer for
each of its addresses it stays within the megabyte of a form."""
ANOTHER = "autre"
CHOICE = r"^[0-9]{1,2}(:(courriel|prenom|nom|nom_usuel|role|cohorte)?)?$"
ANSWER = rf"^([0-9]{{1,9}}|{ANOTHER})?:.{{1,254}}$"


class PeopleForm(Command):
    """A list, pasted or in a file, with what the importer said of its columns and rows.

    ``columns``: ``place:column`` of a heading that is not known, without a column to leave it out, the place alone
    while that is not decided. ``answers``: ``person:address``, ``autre:address``, or ``:address`` while it is not told.
    ``confirmed`` is the digest of what was read back.
    """

    people: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] = ""
    file: UploadFile | None = None
    columns: tuple[Annotated[str, StringConstraints(pattern=CHOICE)], ...] = ()
    answers: tuple[Annotated[str, StringConstraints(pattern=ANSWER)], ...] = ()
    confirmed: Annotated[str, StringConstraints(max_length=64)] = ""

    @property
    def chosen(self) -> dict[int, Column | None]:
        """The column of each heading that is not known and was decided, by its place."""
        pairs = (choice.split(":") for choice in self.columns if ":" in choice)
        return {int(place): Column(column) if column else None for place, column in pairs}

    @property
    def told(self) -> Answers:
        """What was told of rows."""
        pairs = [(email, who) for who, _, email in (answer.partition(":") for answer in self.answers)]
        same = {email: int(who) for email, who in pairs if who.isdecimal()}
        return Answers(same, frozenset(email for email, who in pairs if who == ANOTHER))

    def read(self, *, required: Sequence[Column] = REQUIRED) -> Sheet:
        """Return the list as a sheet; raise ``Invalid`` when there is none."""
        most = LARGEST_MEGABYTES * 1024 * 1024
        data = self.file.file.read(most + 1) if self.file is not None else b""
        if not data and not self.people:
            raise Invalid("invalid", Reason("missing", field="people"))
        if len(data) > most:
            return Sheet(problems=(Problem(1, Reason("import_file_large", {"n": LARGEST_MEGABYTES})),))
        sheet = read_sheet(data or self.people.encode(), required=required, most=MOST_PEOPLE, chosen=self.chosen)
        return sendable(sheet)


def sendable(sheet: Sheet) -> Sheet:
    """Return a sheet whose text its page sends back, or the row at which it is too long to."""
    written = 0
    for row, line in enumerate(sheet.text.split("\n"), 1):
        written += len(quote_plus(line)) + len("%0D%0A")
        if written > LONGEST_TEXT:
            return Sheet(problems=(Problem(row, Reason("import_text_long", field=ABOUT_ROW)),), encoding=sheet.encoding)
    return sheet


def add_page(request: Request, template: str, **context: Any) -> Response:  # noqa: ANN401 - what the template reads
    """Return the page that takes a list."""
    return render(request, template, most=MOST_PEOPLE, **context)


def preview_page(
    request: Request,
    template: str,
    form: PeopleForm,
    shown: PeoplePreview,
    **context: Any,  # noqa: ANN401 - what the template reads
) -> Response:
    """Return the page that reads a list back, with the form that corrects and confirms it."""
    return render(
        request,
        template,
        shown=shown,
        told={answer.partition(":")[2]: answer for answer in form.answers},
        text=shown.text,
        ACTS=ACTS,
        was_confirmed=bool(form.confirmed),
        another=ANOTHER,
        **context,
    )


def template_csv(columns: Sequence[Column], example: Sequence[str], name: str) -> Response:
    """Return an empty list for a French spreadsheet, with one example."""
    return _attached(csv_file(columns, [example], Flavour.EXCEL), CSV, f"{name}.csv")


def template_xlsx(columns: Sequence[Column], example: Sequence[str], name: str) -> Response:
    """Return an empty list as a workbook, with one example."""
    title = t("imports.sheet")
    made = workbook(title, t("core.product"), date(2026, 1, 1), [spreadsheets.Sheet(title, columns, [example])])
    return _attached(made, XLSX, f"{name}.xlsx")


def _attached(content: bytes, media: str, name: str) -> Response:
    return Response(content, media_type=media, headers=attachment(name))
