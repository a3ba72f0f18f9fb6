"""The HTML page of one's own application to a cohort."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.cohorts.applications import own
from app.cohorts.applications.own import see_own_application
from app.cohorts.rules import apply_reasons
from app.cohorts.waitlist.schemas import OfferAnswerCommand, OwnApplicationRef
from app.curricula.library import curriculum_of
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PAGE = "/candidatures/{enrolment_id}"
Mine = Annotated[OwnApplicationRef, seen(see_own_application, P.COHORT_APPLY)]


@router.get(PAGE)
def show_application(request: Request, db: SessionDep, application: Mine) -> Response:
    """Show where one's own application stands, what happens next, and what one may do."""
    shown = own.own_application(db, application)
    reasons = apply_reasons(shown.state, begun=shown.joined_on is not None)
    return render(
        request,
        "cohorts/application.html",
        application=shown,
        curriculum=curriculum_of(shown),
        may_apply_again=shown.takes_applications and not reasons,
    )


@router.post("/candidatures/{enrolment_id}/reponse", dependencies=[form_on(PAGE)])
def answer_offer(
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    db: SessionDep,
    application: Mine,
    form: Annotated[OfferAnswerCommand, Form()],
) -> Response:
    """Take the seat that is offered, or leave it to the next person."""
    own.answer_offer(db, actor, application, form)
    return redirect_after_post(f"/candidatures/{application.enrolment_id}")


@router.post("/candidatures/{enrolment_id}/retrait", dependencies=[form_on(PAGE)])
def end_application(actor: Annotated[Actor, may(P.COHORT_APPLY)], db: SessionDep, application: Mine) -> Response:
    """End one's own application before an admission."""
    own.end_application(db, actor, application)
    return redirect_after_post(f"/candidatures/{application.enrolment_id}")
