"""Changes of state that await a second person, as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import decide_move
from app.cohorts.proposals import service
from app.cohorts.proposals.schemas import DecideMove, EnrolmentProposalRef, EnrolmentProposals
from app.cohorts.proposals.service import see_enrolment_proposal
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)


@router.get("/enrolment-proposals", summary="List the changes of state to confirm")
def read_proposals(
    actor: Annotated[Actor, may(P.ENROLMENT_CONFIRM)], db: SessionDep, after: After = None, limit: Limit = PAGE
) -> EnrolmentProposals:
    """Return the changes of state that await a second person, oldest first; `mine`: another one confirms it."""
    return service.open_proposals(db, actor, after=after, limit=limit)


@router.post("/enrolment-proposals/{enrolment_proposal_id}/decision", summary="Confirm or refuse a change of state")
def decide(
    actor: Annotated[Actor, may(P.ENROLMENT_CONFIRM)],
    proposal: Annotated[EnrolmentProposalRef, seen(see_enrolment_proposal, P.ENROLMENT_CONFIRM)],
    db: SessionDep,
    command: DecideMove,
) -> EnrolmentRef:
    """Make the change that another person proposed, or refuse it; its proposer may withdraw it."""
    return decide_move(db, actor, proposal, command)
