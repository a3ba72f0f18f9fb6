"""HTML pages of the cohorts that take applications, and the form of an application."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response

from app.cohorts.conditions.service import conditions
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import ApplyCommand
from app.cohorts.offer import service
from app.cohorts.pages import path_titles
from app.cohorts.rules import apply_reasons
from app.cohorts.schemas import CohortRef, OpenCohortsQuery
from app.cohorts.service import see_open_cohort
from app.curricula.library import curriculum_of
from app.network import service as network
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()


@router.get("/cohortes-ouvertes")
def open_cohorts(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    db: SessionDep,
    query: Annotated[OpenCohortsQuery, Query()],
) -> Response:
    """List the cohorts of every college that take applications."""
    cohorts = ListView("/cohortes-ouvertes", query, service.list_open_cohorts(db, actor, query))
    return render(request, "cohorts/open.html", cohorts=cohorts, paths=path_titles())


@router.get("/cohortes-ouvertes/{cohort_id}", dependencies=[keyed_page()])
def apply_form(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_open_cohort, P.COHORT_APPLY)],
) -> Response:
    """Show a cohort that takes applications, with the form to apply and the state of one's own enrolment."""
    mine = service.own_enrolment(db, actor, cohort)
    values: dict[str, Any] = {"cohort": cohort, "curriculum": curriculum_of(cohort), "mine": mine}
    values["conditions"] = conditions(db, cohort, actor.person_id)
    reasons = apply_reasons(mine.state, begun=mine.joined_on is not None) if mine else []
    values |= {"may_apply": not reasons, "had_begun": [r.code for r in reasons] == ["had_begun"]}
    return render(request, "cohorts/apply.html", **values, college=network.college(db, cohort.college_id))


@router.post("/cohortes-ouvertes/{cohort_id}", dependencies=[form_on("/cohortes-ouvertes/{cohort_id}", creates=True)])
def apply(
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_open_cohort, P.COHORT_APPLY)],
    form: Annotated[ApplyCommand, Form()],
) -> Response:
    """Apply for oneself and redirect to the cohort's page, which confirms the application."""
    enrolments.apply(db, actor, cohort, form)
    return redirect_after_post(f"/cohortes-ouvertes/{cohort.id}")
