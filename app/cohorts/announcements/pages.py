"""The pages of the announcements of a cohort: those that were sent, the form, and what its readers would see."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.cohorts.announcements import service
from app.cohorts.announcements.schemas import LONGEST_SUBJECT, LONGEST_TEXT, AnnouncementsQuery, NewAnnouncement
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.forms import form_on, typed_values
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PATH = "/cohortes/{cohort_id}/annonces"
MayManage = Annotated[Actor, may(P.COHORT_MANAGE)]
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]
LONGEST = {"subject": LONGEST_SUBJECT, "text": LONGEST_TEXT}


@router.get(PATH, dependencies=[keyed_page()])
def announcements(
    request: Request, db: SessionDep, cohort: ManagedCohort, query: Annotated[AnnouncementsQuery, Query()]
) -> Response:
    """Show the announcements that were sent, and the form of another one."""
    page = service.list_announcements(db, cohort, query)
    return render(
        request,
        "cohorts/announcements.html",
        cohort=cohort,
        announcements=ListView(PATH.format(cohort_id=cohort.id), query, page),
        written={name: next(iter(typed_values(request, name)), "") for name in LONGEST},
        longest=LONGEST,
    )


@router.post(PATH + "/apercu", dependencies=[form_on(PATH, writes=False)])
def preview_announcement(
    request: Request,
    actor: MayManage,
    db: SessionDep,
    settings: SettingsDep,
    cohort: ManagedCohort,
    *,
    form: Annotated[NewAnnouncement, Form()],
) -> Response:
    """Show an announcement as its readers would see it, who they are, and the form that sends it."""
    shown = service.preview(db, actor, cohort, form, site=settings.base_url)
    page = "cohorts/announcement_preview.html"
    return render(request, page, cohort=cohort, preview=shown, written=form.model_dump(), longest=LONGEST)


@router.post(PATH, dependencies=[form_on(PATH, creates=True)])
def send_announcement(
    actor: MayManage,
    db: SessionDep,
    settings: SettingsDep,
    cohort: ManagedCohort,
    form: Annotated[NewAnnouncement, Form()],
) -> Response:
    """Send an announcement, and redirect to those that were sent."""
    service.send(db, actor, cohort, form, site=settings.base_url)
    return redirect_after_post(PATH.format(cohort_id=cohort.id))
