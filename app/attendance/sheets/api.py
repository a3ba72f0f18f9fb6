"""The download of a session's attendance sheet by a program."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.attendance.calendar.schemas import SessionRef
from app.attendance.calendar.service import see_session
from app.attendance.sheets.service import attendance_sheet
from app.cohorts.service import see_cohort
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import attachment

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)

PDF = download("application/pdf", "A tagged PDF (PDF/UA-1)") | {
    503: {"description": "The deployment lacks a library of the PDF engine; the problem names its package"}
}


@router.get(
    "/sessions/{session_id}/attendance-sheet",
    summary="Download the attendance sheet",
    response_class=Response,
    responses=PDF,
)
def read_sheet(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)],
) -> Response:
    """Return the sheet to sign; once the roll is called, as it was recorded."""
    file = attendance_sheet(db, see_cohort(db, actor, session.cohort_id), session)
    return Response(file.content, media_type="application/pdf", headers=attachment(file.name))
