"""The HTML page of a cohort's applications: those to answer, and those answered."""

from typing import Annotated

from fastapi import Query, Request, Response

from app.cohorts.applications import service as applications_service
from app.cohorts.enrolments.schemas import ApplicationsQuery
from app.cohorts.enrolments.service import count_by_state
from app.cohorts.enums import EnrolmentState
from app.cohorts.page_context import cohort_context
from app.cohorts.rules import SEATED, last_day_to_join
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.curricula.library import curriculum_of, default_library
from app.overview.late_join.quorums import admitted_now
from app.platform.messages.i18n import today
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import render

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
    counts = count_by_state(db, cohort)
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
        codev=admitted_now(db, cohort),
        is_late=max(today(cohort.timezone), cohort.starts_on) > limit,
        **cohort_context(db, cohort),
    )
