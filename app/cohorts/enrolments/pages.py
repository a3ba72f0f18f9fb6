"""HTML pages of applications, and the forms that change an enrolment's state."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.cohorts.applications import service as applications_service
from app.cohorts.enrolments import service
from app.cohorts.enrolments.schemas import ApplicationsQuery, EnrolmentRef, MoveCommand
from app.cohorts.enums import EnrolmentState
from app.cohorts.page_context import cohort_context
from app.cohorts.rules import SEATED, last_day_to_join
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.curricula.library import curriculum_of, default_library
from app.platform.errors import NotFound
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()


@router.get("/cohortes/{cohort_id}/candidatures")
def applications(
    request: Request,
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)],
    query: Annotated[ApplicationsQuery, Query()],
) -> Response:
    """Show the applications to answer, and those answered."""
    shown = applications_service.applications_shown(db, cohort, query)
    counts = service.count_by_state(db, cohort)
    limit = last_day_to_join(cohort)
    return render(
        request,
        "cohorts/applications.html",
        cohort=cohort,
        waiting=shown.waiting,
        waiting_count=counts[EnrolmentState.APPLIED],
        waitlisted=counts[EnrolmentState.WAITLISTED],
        offered=counts[EnrolmentState.OFFERED],
        admitted=shown.admitted,
        answered=ListView(f"/cohortes/{cohort.id}/candidatures", query, shown.answered),
        answered_states=[state for state in EnrolmentState if state not in applications_service.TO_ANSWER],
        seated=sum(counts[state] for state in SEATED),
        admission=curriculum_of(cohort).admission.text,
        paths_before=", ".join(map(default_library().title, default_library().paths_before(cohort))),
        limit=limit,
        is_late=max(today(cohort.timezone), cohort.starts_on) > limit,
        **cohort_context(db, cohort),
    )


@router.post(
    "/cohortes/{cohort_id}/candidatures/{enrolment_id}", dependencies=[form_on("/cohortes/{cohort_id}/candidatures")]
)
def answer(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)],
    *,
    enrolment: Annotated[EnrolmentRef, seen(service.see_enrolment, P.ENROLMENT_MANAGE)],
    form: Annotated[MoveCommand, Form()],
) -> Response:
    """Admit, refuse or activate one person."""
    if enrolment.cohort_id != cohort.id:
        raise NotFound
    service.move(db, actor, enrolment, form)
    return redirect_after_post(f"/cohortes/{cohort.id}/candidatures")


@router.post("/inscriptions/{enrolment_id}/etat", dependencies=[form_on("/inscriptions/{enrolment_id}")])
def move(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(service.see_enrolment, P.ENROLMENT_MANAGE)],
    form: Annotated[MoveCommand, Form()],
) -> Response:
    """Change the enrolment's state."""
    service.move(db, actor, enrolment, form)
    return redirect_after_post(f"/inscriptions/{enrolment.id}")
