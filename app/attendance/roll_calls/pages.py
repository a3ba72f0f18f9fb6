"""HTML pages of a session's roll call."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from app.attendance.calendar.pages import session_context
from app.attendance.calendar.rules import stage
from app.attendance.calendar.schemas import SessionRef
from app.attendance.calendar.service import see_session
from app.attendance.roll_calls import service
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand, RollCallForm, Sheet
from app.curricula.enums import Mode
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import DomainError
from app.platform.messages.i18n import explain, explain_error
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)


@router.get("/seances/{session_id}/appel")
def roll_call(
    request: Request,
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)],
) -> Response:
    """Show the sheet: everyone is present for the planned minutes unless recorded otherwise."""
    values = _sheet_context(db, actor, session, service.sheet(db, session))
    return render(request, "cohorts/roll_call.html", **values, typed={}, errors={}, reason="")


def _sheet_context(db: Session, actor: Actor, session: SessionRef, sheet: Sheet) -> dict[str, Any]:
    at = now()
    return {
        "sheet": sheet,
        "stage": stage(session.starts_at, at, cancelled=sheet.session.cancelled, closed=sheet.session.closed),
        "statuses": tuple(PresenceStatus),
        "modes": tuple(PresenceMode),
        "default_mode": PresenceMode.VIDEO if session.mode is Mode.online else PresenceMode.ONSITE,
        **session_context(db, actor, session),
    }


@router.post("/seances/{session_id}/appel", dependencies=[form_on("/seances/{session_id}/appel")])
def close_roll_call(
    request: Request,
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(see_session, P.ROLLCALL_RECORD)],
    form: Annotated[RollCallForm, Form()],
) -> Response:
    """Close or correct the roll call; a refusal shows the sheet again as it was filled, each error in its place."""
    command = RollCallCommand(entries=form.entries, supersedes=form.supersedes, reason=form.reason)
    sheet = service.lock_sheet(db, session)
    try:
        service.record_roll_call(db, actor, session, sheet, command)
    except DomainError as error:
        errors = {_error_place(form.entries, r.field): explain(r) for r in error.reasons}
        values = {
            **_sheet_context(db, actor, session, sheet),
            "typed": {e.enrolment_id: e for e in form.entries},
            "errors": errors or {None: explain_error(error)},
            "reason": form.reason or "",
        }
        return render(request, "cohorts/roll_call.html", status=error.status, **values)
    return redirect_after_post(f"/cohortes/{session.cohort_id}/seances")


def _error_place(entries: tuple[EntryCommand, ...], field: str | None) -> str | int | None:
    """Return the enrolment whose line an error belongs to (``entries.2.minutes``), ``"reason"``, or ``None``."""
    match (field or "").split("."):
        case ["entries", index, *_]:
            return entries[int(index)].enrolment_id
        case ["reason"]:
            return "reason"
        case _:
            return None
