"""HTML pages of a cohort's settings: the form, what the change would change, its confirmation."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Query, Request, Response

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.cohorts.settings.schemas import ChangeTyped, CohortChange, ConfirmChange
from app.overview.cohort_change import service
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]

FORM = "/cohortes/{cohort_id}/modification"
CONFIRM = f"{FORM}/apercu?{'&'.join(f'{name}={{{name}}}' for name in CohortChange.model_fields)}"


@router.get("/cohortes/{cohort_id}/modification")
def change_form(request: Request, cohort: ManagedCohort, query: Annotated[ChangeTyped, Query()]) -> Response:
    """Show the form of a cohort's settings: as they are, or as they were typed before their preview."""
    values = cohort.model_dump(include=set(CohortChange.model_fields)) | query.model_dump(exclude_none=True)
    return render(request, "cohorts/settings.html", cohort=cohort, values=values)


@router.post("/cohortes/{cohort_id}/modification", dependencies=[form_on(FORM)])
def check_change(db: SessionDep, cohort: ManagedCohort, form: Annotated[CohortChange, Form()]) -> Response:
    """Lead to what the change would change, unless it is refused: nothing is written yet."""
    service.check(db, cohort, form)
    query = urlencode(form.model_dump(mode="json"))
    return redirect_after_post(f"/cohortes/{cohort.id}/modification/apercu?{query}")


@router.get("/cohortes/{cohort_id}/modification/apercu")
def confirm_change(
    request: Request, db: SessionDep, cohort: ManagedCohort, query: Annotated[CohortChange, Query()]
) -> Response:
    """Show what a change would change, with the form that confirms it."""
    preview = service.preview(db, cohort, query)
    again = f"/cohortes/{cohort.id}/modification?{urlencode(query.model_dump(mode='json'))}"
    return render(request, "cohorts/settings_preview.html", cohort=cohort, change=query, preview=preview, again=again)


@router.post("/cohortes/{cohort_id}/modification/apercu", dependencies=[form_on(CONFIRM)])
def change_cohort(db: SessionDep, cohort: ManagedCohort, form: Annotated[ConfirmChange, Form()]) -> Response:
    """Change a cohort."""
    service.change_cohort(db, cohort, form)
    return redirect_after_post(f"/cohortes/{cohort.id}")
