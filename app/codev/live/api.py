"""A session as it happens, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.codev.live import service
from app.codev.live.schemas import LiveCommand, LiveShown
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.assets import is_known
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.preconditions import IfMatch, etag_of

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)


@router.get(
    "/codev/sessions/{session_id}/live",
    summary="Follow a session as it happens",
    responses={304: {"description": "Not changed since the ETag that was sent"}},
)
def read_live(
    request: Request,
    response: Response,
    db: SessionDep,
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_TAKE_PART)],
) -> LiveShown:
    """A session as it happens, for the people of its group: step, timer, turns, presences.

    Its `ETag` is its version: what a command names by `If-Match`. Once recorded or cancelled, which makes no version,
    it is always sent whole.
    """
    shown = service.live(db, meeting)
    etag = etag_of(shown.version)
    response.headers["ETag"] = etag
    if shown.version and shown.phase not in service.ENDED and is_known(request.headers, etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})  # type: ignore[return-value]
    return shown


@router.post(
    "/codev/sessions/{session_id}/live", status_code=HTTPStatus.CREATED, summary="Lead a session as it happens"
)
def act(  # noqa: PLR0917 - what each dependency gives
    response: Response,
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_RECORD)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_RECORD)],
    command: LiveCommand,
    version: IfMatch,
) -> LiveShown:
    """Do something in the session, as its facilitator: the next step, a presence, a swap (412 `live_moved_on`)."""
    service.act(db, actor, meeting, command, version)
    shown = service.live(db, meeting)
    response.headers["ETag"] = etag_of(shown.version)
    return shown
