"""The page of the protocol that a group follows: its steps, what may be read aloud, and the session; it prints."""

from typing import Annotated

from fastapi import Request, Response

from app.codev.groups.schemas import GroupRef
from app.codev.groups.service import see_group
from app.codev.protocols.library import codev_library
from app.codev.protocols.shown import show_protocol
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import render

router = page_router()


@router.get("/codev/groupes/{group_id}/protocole")
def protocol_page(request: Request, group: Annotated[GroupRef, seen(see_group, P.CODEV_READ)]) -> Response:
    """Show the protocol, to be read and printed."""
    protocol = show_protocol(codev_library().protocol(group.protocol_version))
    return render(request, "codev/protocol.html", group=group, protocol=protocol)
