"""The pages of who holds which role, and of the roles that await a second person."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.identity.roles import held, proposals
from app.identity.roles.enums import HeldState
from app.identity.roles.proposals import see_role_proposal
from app.identity.roles.schemas import DecideRole, HeldRolesQuery, RoleProposalRef
from app.network.service import reached_colleges
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P, Role
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()


@router.get("/roles-tenus")
def held_roles_page(
    request: Request,
    actor: Annotated[Actor, may(P.PEOPLE_MANAGE)],
    db: SessionDep,
    query: Annotated[HeldRolesQuery, Query()],
) -> Response:
    """Show who holds which role within reach, where, since when and given by whom."""
    waiting = proposals.open_proposals(db, actor.using(P.ROLE_CONFIRM)) if actor.can(P.ROLE_CONFIRM) else None
    return render(
        request,
        "people/roles_held.html",
        held=ListView("/roles-tenus", query, held.list_held_roles(db, actor, query)),
        waiting=len(waiting.items) if waiting is not None else 0,
        colleges=[(c.id, c.name) for c in reached_colleges(db, actor)],
        roles=[role for role in Role if role is not Role.PARTICIPANT],
        states=tuple(HeldState),
    )


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
