"""The download of a session's attendance sheet from its pages."""

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
from app.platform.web.pages import attachment

router = APIRouter(include_in_schema=False)


@router.get("/seances/{session_id}/feuille")
def sheet(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)],
) -> Response:
    """Download the sheet to sign; once the roll is called, as it was recorded."""
    file = attendance_sheet(db, see_cohort(db, actor, session.cohort_id), session)
    headers = {**attachment(file.name), "Cache-Control": "no-store"}
    return Response(file.content, media_type="application/pdf", headers=headers)
