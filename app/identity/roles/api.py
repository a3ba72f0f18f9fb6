"""Who holds which role, and roles that await a second person, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.identity.roles import held, proposals
from app.identity.roles.proposals import see_role_proposal
from app.identity.roles.schemas import DecideRole, ListedRolePage, RoleProposalRef, RoleProposals
from app.platform.paging import PAGE, After, Limit
from app.platform.schema import SearchText
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)
Search = Annotated[SearchText, Query(description="words of the name, accents and case ignored")]


@router.get("/roles-held", summary="Roles in force")
def read_held_roles(
    actor: Annotated[Actor, may(P.PEOPLE_MANAGE)],
    db: SessionDep,
    search: Search = "",
    after: After = None,
    limit: Limit = PAGE,
) -> ListedRolePage:
    """Return who holds which role, where, since when and given by whom, by name; without participants."""
    return held.held_roles(db, actor, search=search, after=after, limit=limit)


@router.get("/role-proposals", summary="List the roles to confirm")
def read_proposals(
    actor: Annotated[Actor, may(P.ROLE_CONFIRM)], db: SessionDep, after: After = None, limit: Limit = PAGE
) -> RoleProposals:
    """Return the roles that await their confirmation, oldest first; `mine`: another administrator confirms that one."""
    return proposals.open_proposals(db, actor, after=after, limit=limit)


@router.post(
    "/role-proposals/{proposal_id}/decision", status_code=HTTPStatus.NO_CONTENT, summary="Confirm or refuse a role"
)
def decide(
    actor: Annotated[Actor, may(P.ROLE_CONFIRM)],
    proposal: Annotated[RoleProposalRef, seen(see_role_proposal, P.ROLE_CONFIRM)],
    db: SessionDep,
    command: DecideRole,
) -> Response:
    """Let a registrar's role start, or refuse it: another administrator than the one who proposed it confirms."""
    proposals.decide(db, actor, proposal, command)
    return Response(status_code=HTTPStatus.NO_CONTENT)
