"""The contract of a group, and one's own agreement to it, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.codev.contracts import service
from app.codev.contracts.schemas import AgreeCommand, ContractShown
from app.codev.groups.schemas import GroupRef
from app.codev.groups.service import see_group
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)


@router.get("/codev/groups/{group_id}/contract")
def read_contract(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_READ)],
    group: Annotated[GroupRef, seen(see_group, P.CODEV_READ)],
) -> ContractShown:
    """The contract of a group, and who has agreed to it as the group is composed now."""
    return service.contract_of(db, actor, group)


@router.post("/codev/groups/{group_id}/agreements", status_code=HTTPStatus.CREATED)
def agree(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_TAKE_PART)],
    group: Annotated[GroupRef, seen(see_group, P.CODEV_TAKE_PART)],
    command: AgreeCommand,
) -> ContractShown:
    """Agree to the contract as it was read: refused when someone entered the group since (422)."""
    service.agree(db, actor, group, command)
    return service.contract_of(db, actor, group)
