"""The HTML page that prepares a cohort like another one."""

from typing import Annotated, Any

from fastapi import Form, Request, Response

from app.cohorts.offer.service import published_paths
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.cohorts.settings import service
from app.cohorts.settings.rules import start_of_copy
from app.cohorts.settings.schemas import CopyCohort
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]


@router.get("/cohortes/{cohort_id}/copie", dependencies=[keyed_page()])
def copy_form(request: Request, db: SessionDep, cohort: ManagedCohort) -> Response:
    """Show the form of a cohort like this one."""
    values: dict[str, Any] = {
        "versions": [p for p in published_paths(db) if p.slug == cohort.curriculum_slug],
        "code": service.suggested_code(db, cohort),
        "starts_on": start_of_copy(cohort.ends_on, today(cohort.timezone)),
    }
    return render(request, "cohorts/copy.html", cohort=cohort, **values)


@router.post("/cohortes/{cohort_id}/copie", dependencies=[form_on("/cohortes/{cohort_id}/copie", creates=True)])
def copy_cohort(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    cohort: ManagedCohort,
    form: Annotated[CopyCohort, Form()],
) -> Response:
    """Prepare a cohort like this one and redirect to it."""
    made = service.copy_cohort(db, actor, cohort, form)
    return redirect_after_post(f"/cohortes/{made.id}")
