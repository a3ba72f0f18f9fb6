"""The page that brings a list of people into a cohort: paste or choose a file, read it back, confirm."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.cohorts.imports import service
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.identity.imports import list_form
from app.identity.imports.list_form import PeopleForm
from app.identity.imports.schemas import list_digest
from app.identity.imports.sheet import Column
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router

router = page_router()
PATH = "/cohortes/{cohort_id}/personnes"
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)]
COLUMNS = (Column.EMAIL, Column.FIRST_NAME, Column.LAST_NAME, Column.CHOSEN_NAME, Column.ROLE)
EXAMPLE = ("camille.exemple@exemple.ca", "Camille", "Exemple", "", "participante")


@router.get(PATH + "/ajout")
def people_form(request: Request, cohort: ManagedCohort) -> Response:
    """Show the form that takes a list of people."""
    return list_form.add_page(request, "cohorts/people_add.html", here=_here(cohort), cohort=cohort)


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
    """Show what a list would do, row by row; what was read so and confirmed is done, and shown as done."""
    sheet = form.read(required=(Column.EMAIL,))
    if form.confirmed == list_digest(sheet, form.told):
        shown = service.add_people(db, actor, cohort, sheet, form.told, site=settings.base_url)
    else:
        shown = service.preview(db, actor, cohort, sheet, form.told)
    page = "cohorts/people_preview.html"
    return list_form.preview_page(request, page, form, shown, columns_known=COLUMNS, here=_here(cohort), cohort=cohort)


def _here(cohort: CohortRef) -> str:
    return PATH.format(cohort_id=cohort.id)


@router.get(PATH + "/modele.csv")
def template_csv(cohort: ManagedCohort) -> Response:
    """Return an empty list for a French spreadsheet, with one example."""
    return list_form.template_csv(COLUMNS, EXAMPLE, f"personnes-{cohort.code}")


@router.get(PATH + "/modele.xlsx")
def template_xlsx(cohort: ManagedCohort) -> Response:
    """Return an empty list as a workbook, with one example."""
    return list_form.template_xlsx(COLUMNS, EXAMPLE, f"personnes-{cohort.code}")
