"""The page of the milestones that await confirmation."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.accompaniment.confirmations import service
from app.accompaniment.confirmations.schemas import AwaitingQuery, ConfirmForm, MilestoneRef
from app.accompaniment.confirmations.service import see_milestone
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()


@router.get("/jalons")
def awaiting(
    request: Request,
    actor: Annotated[Actor, may(P.MANDATE_CONFIRM)],
    db: SessionDep,
    query: Annotated[AwaitingQuery, Query()],
) -> Response:
    """Show the milestones that nobody has confirmed, oldest first."""
    milestones = ListView("/jalons", query, service.list_awaiting(db, actor, query))
    return render(request, "accompaniment/awaiting.html", milestones=milestones)


@router.post("/jalons/{milestone_id}/confirmation", dependencies=[form_on("/jalons", "/mandats/{mandate_id}")])
def confirm(
    db: SessionDep,
    actor: Annotated[Actor, may(P.MANDATE_CONFIRM)],
    milestone: Annotated[MilestoneRef, seen(see_milestone, P.MANDATE_CONFIRM)],
    form: Annotated[ConfirmForm, Form()],
) -> Response:
    """Confirm a milestone, then show its mandate or the list it was chosen in."""
    service.confirm(db, actor, milestone)
    return redirect_after_post(f"/mandats/{milestone.mandate_id}" if form.of_mandate else "/jalons")
