"""The page that brings a list of people into a cohort: paste or choose a file, read it back, confirm."""

from datetime import date
from typing import Annotated

from fastapi import Form, Request, Response, UploadFile
from pydantic import StringConstraints

from app.cohorts.imports import service
from app.cohorts.imports.rules import MOST_PEOPLE, Answers
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.identity.imports.sheet import Column, read_sheet
from app.platform.documents.spreadsheets import CSV, XLSX, Flavour, Sheet, csv_file, workbook
from app.platform.errors import Invalid, Reason
from app.platform.messages.i18n import t
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import attachment, render

router = page_router()
PATH = "/cohortes/{cohort_id}/personnes"
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)]
COLUMNS = (Column.EMAIL, Column.FIRST_NAME, Column.LAST_NAME, Column.CHOSEN_NAME, Column.ROLE)
EXAMPLE = ("camille.exemple@exemple.ca", "Camille", "Exemple", "", "participante")
MEGABYTE = 1024 * 1024


CHOICE = r"^[0-9]{1,2}:(courriel|prenom|nom|nom_usuel|role)?$"
SAME = r"^[0-9]{1,9}:.{1,254}$"


class PeopleForm(Command):
    """A list, pasted or in a file, with what the importer said of its columns and rows.

    ``columns``: ``place:column`` of a heading that is not known; ``same``: ``person:address``; ``another``: addresses.
    """

    people: Annotated[str, StringConstraints(max_length=2_000_000)] = ""
    file: UploadFile | None = None
    columns: tuple[Annotated[str, StringConstraints(pattern=CHOICE)], ...] = ()
    same: tuple[Annotated[str, StringConstraints(pattern=SAME)], ...] = ()
    another: tuple[Annotated[str, StringConstraints(max_length=254)], ...] = ()
    confirmed: bool = False

    @property
    def chosen(self) -> dict[int, Column | None]:
        """The column of each heading that is not known, by its place."""
        pairs = (choice.split(":") for choice in self.columns)
        return {int(place): Column(column) if column else None for place, column in pairs}

    @property
    def answers(self) -> Answers:
        """What was said of rows."""
        same = {email: int(person) for person, _, email in (one.partition(":") for one in self.same)}
        return Answers(same, frozenset(self.another))


@router.get(PATH + "/ajout")
def people_form(request: Request, cohort: ManagedCohort) -> Response:
    """Show the form that takes a list of people."""
    return render(request, "cohorts/people_add.html", cohort=cohort, most=MOST_PEOPLE)


@router.post(PATH + "/ajout", dependencies=[form_on(PATH + "/ajout")])
def add_people(
    request: Request,
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    settings: SettingsDep,
    cohort: ManagedCohort,
    *,
    form: Annotated[PeopleForm, Form(media_type="multipart/form-data")],
) -> Response:
    """Show what a list would do, row by row; once confirmed, invite its people and show what was done."""
    data = form.file.file.read(settings.upload_megabytes * MEGABYTE) if form.file is not None else b""
    if not data and not form.people:
        raise Invalid("invalid", Reason("missing", field="people"))
    sheet = read_sheet(data or form.people.encode(), required=(Column.EMAIL,), most=MOST_PEOPLE, chosen=form.chosen)
    if form.confirmed:
        shown = service.add_people(db, actor, cohort, sheet, form.answers, site=settings.base_url)
    else:
        shown = service.preview(db, actor, cohort, sheet, form.answers)
    return render(
        request,
        "cohorts/people_preview.html",
        cohort=cohort,
        shown=shown,
        text=shown.text or form.people,
        form_sent=form,
        columns_known=COLUMNS,
        is_confirmed=form.confirmed,
    )


@router.get(PATH + "/modele.csv")
def template_csv(cohort: ManagedCohort) -> Response:
    """Return an empty list for a French spreadsheet, with one example."""
    return _attached(csv_file(COLUMNS, [EXAMPLE], Flavour.EXCEL), CSV, f"personnes-{cohort.code}.csv")


@router.get(PATH + "/modele.xlsx")
def template_xlsx(cohort: ManagedCohort) -> Response:
    """Return an empty list as a workbook, with one example."""
    sheet = Sheet(t("cohorts.people.sheet"), COLUMNS, [EXAMPLE])
    made = workbook(t("cohorts.people.sheet"), t("core.product"), date(2026, 1, 1), [sheet])
    return _attached(made, XLSX, f"personnes-{cohort.code}.xlsx")


def _attached(content: bytes, media: str, name: str) -> Response:
    return Response(content, media_type=media, headers=attachment(name))
