"""The protocol that a group follows, as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.codev.groups.schemas import GroupRef
from app.codev.groups.service import see_group
from app.codev.protocols.library import codev_library
from app.codev.protocols.shown import ProtocolShown, show_protocol
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)


@router.get("/codev/groups/{group_id}/protocol")
def read_protocol(group: Annotated[GroupRef, seen(see_group, P.CODEV_READ)]) -> ProtocolShown:
    """The protocol that a group follows: six steps, preparation and follow-up, and the express variant (S4)."""
    return show_protocol(codev_library().protocol(group.protocol_version))
