"""The forms that answer an application, and change an enrolment's state."""

from typing import Annotated

from fastapi import Form, Response

from app.cohorts.enrolments import service
from app.cohorts.enrolments.schemas import EnrolmentRef, MoveCommand
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post

router = page_router()


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
