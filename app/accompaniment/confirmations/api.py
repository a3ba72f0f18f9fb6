"""Milestones to confirm, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.accompaniment.confirmations import service
from app.accompaniment.confirmations.schemas import AwaitingPage, MilestoneRef
from app.accompaniment.confirmations.service import see_milestone
from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.schemas import MandateShown
from app.platform.paging import After
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["accompaniment"], route_class=IdempotentRoute)


@router.get("/milestones/awaiting-confirmation", summary="List the milestones to confirm")
def awaiting(actor: Annotated[Actor, may(P.MANDATE_CONFIRM)], db: SessionDep, after: After = None) -> AwaitingPage:
    """Return the milestones that nobody has confirmed, oldest first; `mine`: another person must confirm that one."""
    return service.awaiting(db, actor, after=after)


@router.post("/milestones/{milestone_id}/confirmation", status_code=HTTPStatus.CREATED, summary="Confirm a milestone")
def confirm(
    db: SessionDep,
    actor: Annotated[Actor, may(P.MANDATE_CONFIRM)],
    milestone: Annotated[MilestoneRef, seen(see_milestone, P.MANDATE_CONFIRM)],
) -> MandateShown:
    """Confirm what another person recorded, of a mandate that is not one's own: only then does it count (BR-15)."""
    service.confirm(db, actor, milestone)
    return mandates.mandate(db, mandates.see_mandate(db, actor, milestone.mandate_id))
