"""The works of a cohort that wait to be judged, and the forms that assign them to its trainers."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.grading.assignments import service
from app.grading.assignments.schemas import AssignCommand, CohortWorksQuery, Id
from app.grading.queue.service import list_waiting_in
from app.grading.schemas import TypedCode
from app.platform.errors import NotFound
from app.platform.schema import BlankIsNone, Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PATH = "/cohortes/{cohort_id}/travaux"


class AssignForm(Command):
    """To whom works are assigned, as the form of a row sends it."""

    activity_code: Annotated[TypedCode | None, BlankIsNone] = None
    assignee_id: Annotated[Id | None, BlankIsNone] = None
    supersedes: Annotated[Id | None, BlankIsNone] = None


@router.get(PATH)
def show_works(
    request: Request,
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.JUDGEMENT_ASSIGN)],
    query: Annotated[CohortWorksQuery, Query()],
) -> Response:
    """The works of a cohort that wait to be judged, those that wait longest first."""
    page = list_waiting_in(db, cohort, query)
    current = service.assignments_in(db, cohort, [item.enrolment_id for item in page.items])
    values: dict[str, Any] = {
        "works": ListView(PATH.format(cohort_id=cohort.id), query, page),
        "current": {(a.enrolment_id, a.activity_code): a for a in current},
        "trainers": service.trainers(db, cohort),
    }
    return render(request, "grading/cohort_works.html", cohort=cohort, **values)


@router.post(PATH + "/{enrolment_id}", dependencies=[form_on(PATH)])
def assign(
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_ASSIGN)],
    cohort: Annotated[CohortRef, seen(see_cohort, P.JUDGEMENT_ASSIGN)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_ASSIGN)],
    form: Annotated[AssignForm, Form()],
) -> Response:
    """Assign works of someone of the cohort."""
    if enrolment.cohort_id != cohort.id:
        raise NotFound
    service.assign(db, actor, enrolment, AssignCommand(**form.model_dump()))
    return redirect_after_post(PATH.format(cohort_id=cohort.id))
