"""The HTML page of a cohort's waitlist."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.page_context import cohort_context
from app.cohorts.rules import last_day_to_join
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.cohorts.waitlist import service
from app.cohorts.waitlist.rules import MOST_OFFER_HOURS
from app.cohorts.waitlist.schemas import OfferHours, PriorityCommand, WaitlistQuery
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PAGE = "/cohortes/{cohort_id}/liste-d-attente"


@router.get(PAGE)
def waitlist(
    request: Request,
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)],
    query: Annotated[WaitlistQuery, Query()],
) -> Response:
    """Show who waits, in order, the seats that were offered, and how long offers stand."""
    return render(
        request,
        "cohorts/waitlist.html",
        cohort=cohort,
        waiting=ListView(f"/cohortes/{cohort.id}/liste-d-attente", query, service.list_waiting(db, cohort, query)),
        terms=service.offer_terms(db, cohort),
        most_hours=MOST_OFFER_HOURS,
        limit=last_day_to_join(cohort),
        **cohort_context(db, cohort),
    )


@router.post("/cohortes/{cohort_id}/duree-des-offres", dependencies=[form_on(PAGE)])
def set_offer_hours(
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)],
    form: Annotated[OfferHours, Form()],
) -> Response:
    """Set for how many hours seats are offered from now on."""
    service.set_offer_hours(db, cohort, form)
    return redirect_after_post(f"/cohortes/{cohort.id}/liste-d-attente")


@router.post("/cohortes/{cohort_id}/liste-d-attente/{enrolment_id}/priorite", dependencies=[form_on(PAGE)])
def set_priority(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)],
    *,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_MANAGE)],
    form: Annotated[PriorityCommand, Form()],
) -> Response:
    """Let someone who waits come first, or no longer, for a reason."""
    if enrolment.cohort_id != cohort.id:
        raise NotFound
    service.set_priority(db, actor, enrolment, form)
    return redirect_after_post(f"/cohortes/{cohort.id}/liste-d-attente")
