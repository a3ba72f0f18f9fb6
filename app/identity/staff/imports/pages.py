"""The page that brings a list of staff into a college: paste or choose a file, read it back, confirm."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.identity.imports import list_form
from app.identity.imports.list_form import PeopleForm
from app.identity.imports.schemas import list_digest
from app.identity.imports.sheet import Column
from app.identity.staff.imports import service
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router

router = page_router()
PATH = "/colleges/{college_id}/personnel"
ManagedCollege = Annotated[CollegeShown, seen(see_college, P.PEOPLE_MANAGE)]
COLUMNS = (Column.EMAIL, Column.FIRST_NAME, Column.LAST_NAME, Column.CHOSEN_NAME, Column.ROLE, Column.COHORT)
EXAMPLE = ("camille.exemple@exemple.ca", "Camille", "Exemple", "", "formatrice", "")


@router.get(PATH + "/ajout")
def staff_form(request: Request, college: ManagedCollege) -> Response:
    """Show the form that takes a list of staff."""
    return list_form.add_page(request, "people/staff_add.html", here=_here(college), college=college)


@router.post(PATH + "/ajout", dependencies=[form_on(PATH + "/ajout")])
def invite_staff(
    request: Request,
    actor: Annotated[Actor, may(P.PEOPLE_MANAGE)],
    db: SessionDep,
    settings: SettingsDep,
    college: ManagedCollege,
    *,
    form: Annotated[PeopleForm, Form(media_type="multipart/form-data")],
) -> Response:
    """Show what a list would do, row by row; what was read so and confirmed is done, and shown as done."""
    sheet = form.read()
    if form.confirmed == list_digest(sheet, form.told):
        shown = service.invite_staff(db, actor, college, sheet, form.told, site=settings.base_url)
    else:
        shown = service.preview(db, actor, college, sheet, form.told)
    page = "people/staff_preview.html"
    return list_form.preview_page(
        request, page, form, shown, columns_known=COLUMNS, here=_here(college), college=college
    )


@router.get(PATH + "/modele.csv")
def template_csv(college: ManagedCollege) -> Response:
    """Return an empty list for a French spreadsheet, with one example."""
    return list_form.template_csv(COLUMNS, EXAMPLE, f"personnel-{college.slug}")


@router.get(PATH + "/modele.xlsx")
def template_xlsx(college: ManagedCollege) -> Response:
    """Return an empty list as a workbook, with one example."""
    return list_form.template_xlsx(COLUMNS, EXAMPLE, f"personnel-{college.slug}")


def _here(college: CollegeShown) -> str:
    return PATH.format(college_id=college.id)
