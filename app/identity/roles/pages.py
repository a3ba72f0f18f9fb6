"""The page of the roles that await a second person."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.identity.roles import proposals
from app.identity.roles.proposals import see_role_proposal
from app.identity.roles.schemas import DecideRole, RoleProposalRef
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()


@router.get("/roles")
def roles(request: Request, actor: Annotated[Actor, may(P.ROLE_CONFIRM)], db: SessionDep) -> Response:
    """Show the roles that await their confirmation, oldest first."""
    return render(request, "people/roles.html", proposals=proposals.open_proposals(db, actor))


@router.post("/roles/{proposal_id}/decision", dependencies=[form_on("/roles")])
def decide(
    actor: Annotated[Actor, may(P.ROLE_CONFIRM)],
    proposal: Annotated[RoleProposalRef, seen(see_role_proposal, P.ROLE_CONFIRM)],
    db: SessionDep,
    form: Annotated[DecideRole, Form()],
) -> Response:
    """Confirm or refuse a role, then show those that remain."""
    proposals.decide(db, actor, proposal, form)
    return redirect_after_post("/roles")
