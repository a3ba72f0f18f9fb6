"""The page of the changes of state that await a second person."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.cohorts.enrolments.service import decide_move
from app.cohorts.proposals import service
from app.cohorts.proposals.schemas import DecideMove, EnrolmentProposalRef
from app.cohorts.proposals.service import see_enrolment_proposal
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()


@router.get("/propositions")
def proposals(request: Request, actor: Annotated[Actor, may(P.ENROLMENT_CONFIRM)], db: SessionDep) -> Response:
    """Show the changes of state that await a second person, oldest first."""
    return render(request, "cohorts/proposals.html", proposals=service.open_proposals(db, actor))


@router.post("/propositions/{enrolment_proposal_id}/decision", dependencies=[form_on("/propositions")])
def decide(
    actor: Annotated[Actor, may(P.ENROLMENT_CONFIRM)],
    proposal: Annotated[EnrolmentProposalRef, seen(see_enrolment_proposal, P.ENROLMENT_CONFIRM)],
    db: SessionDep,
    form: Annotated[DecideMove, Form()],
) -> Response:
    """Confirm or refuse a change of state, then show those that remain."""
    decide_move(db, actor, proposal, form)
    return redirect_after_post("/propositions")
