"""The HTML page of the catch-up list of someone who joined late."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.attendance.catch_ups.schemas import CatchUpListCommand, CatchUpListForm
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import reaches, see_enrolment
from app.cohorts.enums import EnrolmentState
from app.overview.late_join import service
from app.overview.late_join.enums import How
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_errors, form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PAGE = "/inscriptions/{enrolment_id}/liste-de-rattrapage"
DECIDABLE = (How.TO_DECIDE, How.ASSIGNED, How.WAIVED)


@router.get(PAGE)
def show_catch_up_list(
    request: Request,
    actor: Annotated[Actor, may(P.ENROLMENT_READ)],
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_READ)],
) -> Response:
    """Show what someone missed and what catches up each, with the form that decides of the whole."""
    shown = service.catch_up_list(db, enrolment)
    is_others = enrolment.person_id != actor.person_id
    may_decide = is_others and enrolment.state is EnrolmentState.ACTIVE
    return render(
        request,
        "cohorts/catch_up_list.html",
        enrolment=enrolment,
        missed=shown,
        to_decide=[a for module in shown.modules for a in module.activities if a.how in DECIDABLE],
        may_decide=may_decide and reaches(db, actor, P.ENROLMENT_MANAGE, enrolment),
        opens_activities=reaches(db, actor, P.EVIDENCE_READ, enrolment),
        today=today(enrolment.timezone),
    )


@router.post(PAGE, dependencies=[form_on(PAGE)])
def decide_catch_up_list(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_MANAGE)],
    form: Annotated[CatchUpListForm, Form()],
) -> Response:
    """Decide of every missed workshop at once."""
    with form_errors():
        command = CatchUpListCommand(items=form.items)
    service.decide(db, actor, enrolment, command)
    return redirect_after_post(f"/inscriptions/{enrolment.id}/liste-de-rattrapage")
