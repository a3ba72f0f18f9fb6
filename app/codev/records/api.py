"""Records of sessions, as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.codev.groups.api import CREATED
from app.codev.records import service as records
from app.codev.records.schemas import RecordCommand
from app.codev.sessions import service as sessions
from app.codev.sessions.schemas import CodevSessionRef, CodevSessionShown
from app.codev.sessions.service import see_codev_session
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)


@router.post("/codev/sessions/{session_id}/records", status_code=CREATED)
def close_record(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_RECORD)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_RECORD)],
    command: RecordCommand,
) -> CodevSessionShown:
    """Close the record, or correct the one in force by naming it in ``supersedes`` (409 ``stale``)."""
    records.close_record(db, actor, meeting, command)
    return sessions.codev_session(db, meeting)
