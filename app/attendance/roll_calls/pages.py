"""HTML pages of a session's roll call."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.attendance.calendar.pages import session_context
from app.attendance.calendar.rules import stage
from app.attendance.calendar.schemas import SessionRef
from app.attendance.calendar.service import see_session
from app.attendance.check_ins import service as check_ins
from app.attendance.roll_calls import history, service
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.schemas import PastRollCallsApiQuery, PastRollCallsQuery, RollCallForm
from app.curricula.enums import Mode
from app.platform.clock import now
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_errors, form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()


@router.get("/seances/{session_id}/appel")
def roll_call(
    request: Request,
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)],
) -> Response:
    """Show the sheet, until it is recorded: as people checked in, else everyone present for the whole session."""
    sheet = service.sheet(db, session)
    came = {c.enrolment_id: c for c in check_ins.check_ins(db, session)}
    return render(
        request,
        "cohorts/roll_call.html",
        sheet=sheet,
        latest=history.history(db, session, PastRollCallsApiQuery(limit=history.LATEST)),
        self_checked=bool(came) and sheet.roll_call_id is None,
        came=came,
        written=service.minutes_written(sheet),
        own=service.is_on_roll(db, actor, sheet),
        stage=stage(session.starts_at, now(), cancelled=sheet.session.cancelled, closed=sheet.session.closed),
        statuses=tuple(PresenceStatus),
        modes=tuple(PresenceMode),
        default_mode=PresenceMode.VIDEO if session.mode is Mode.online else PresenceMode.ONSITE,
        **session_context(db, actor, session),
    )


@router.get("/seances/{session_id}/appel/historique")
def roll_call_history(
    request: Request,
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)],
    query: Annotated[PastRollCallsQuery, Query()],
) -> Response:
    """Show the roll calls of a session, with what each corrected."""
    page = history.list_history(db, session, query)
    return render(
        request,
        "cohorts/roll_call_history.html",
        session=session,
        calls=ListView(f"/seances/{session.id}/appel/historique", query, page),
        **session_context(db, actor, session),
    )


@router.post("/seances/{session_id}/appel", dependencies=[form_on("/seances/{session_id}/appel")])
def close_roll_call(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)],
    form: Annotated[RollCallForm, Form()],
) -> Response:
    """Close or correct the roll call."""
    with form_errors():
        command = form.command(session)
    service.close_roll_call(db, actor, session, command)
    return redirect_after_post(f"/cohortes/{session.cohort_id}/seances")
