"""Codevelopment over JSON: groups, sessions, roles, rotation and records; never what was said."""

from typing import Annotated

from fastapi import APIRouter

from app.codev.groups.api import CREATED
from app.codev.records import service as records
from app.codev.records.schemas import RecordCommand
from app.codev.sessions import service as sessions
from app.codev.sessions.schemas import CodevSessionShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["codev"], route_class=OnceRoute)


@router.post("/codev/sessions/{session_id}/records", status_code=CREATED)
def close_record(
    actor: Annotated[Actor, may(P.CODEV_RECORD)], db: SessionDep, session_id: int, command: RecordCommand
) -> CodevSessionShown:
    """Close the record, or correct the one in force by naming it in ``supersedes`` (409 ``stale``)."""
    meeting = sessions.see_codev_session(db, actor, session_id)
    records.close_record(db, actor, meeting, command)
    return sessions.codev_session(db, meeting)
