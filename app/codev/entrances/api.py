"""Announced entrances to groups, as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.codev.entrances import service
from app.codev.entrances.schemas import ConcernCommand, EntrancePage, EntranceRef
from app.codev.entrances.service import see_entrance
from app.codev.groups.schemas import GroupRef
from app.codev.groups.service import see_group
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)


@router.get("/codev/groups/{group_id}/entrances")
def list_entrances(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_READ)],
    group: Annotated[GroupRef, seen(see_group, P.CODEV_READ)],
) -> EntrancePage:
    """Who is announced to enter a group, and when; whom it concerns is for its facilitator alone."""
    return service.entrances(db, actor, group)


@router.put("/codev/entrances/{entrance_id}/concern", status_code=204)
def say_concern(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_TAKE_PART)],
    entrance: Annotated[EntranceRef, seen(see_entrance, P.CODEV_TAKE_PART)],
    command: ConcernCommand,
) -> None:
    """Say to the facilitator alone whether an entrance concerns oneself, a member; no reason is asked."""
    service.say_concern(db, actor, entrance, command)


@router.post("/codev/entrances/{entrance_id}/withdrawal", status_code=204)
def withdraw(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    entrance: Annotated[EntranceRef, seen(see_entrance, P.CODEV_MANAGE)],
) -> None:
    """Take an announced entrance back; the group is told."""
    service.withdraw(db, actor, entrance)
