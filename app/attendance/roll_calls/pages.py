"""Pages of a cohort's calendar: sessions, cancellations and roll calls."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from app.attendance.calendar import service as calendar
from app.attendance.calendar.pages import session_context
from app.attendance.calendar.rules import stage
from app.attendance.calendar.schemas import SessionRef
from app.attendance.roll_calls import service
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand, RollCallForm
from app.curricula.enums import Mode
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import DomainError
from app.platform.messages.i18n import explain, explain_error
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)


# Roll calls -------------------------------------------------------------------------------------


@router.get("/seances/{session_id}/appel")
def roll_call(
    request: Request, actor: Annotated[Actor, may(P.ROLLCALL_RECORD)], db: SessionDep, session_id: int
) -> Response:
    """The sheet: everyone present with the planned minutes until told otherwise."""
    meeting = calendar.see_session(db, actor, session_id)
    return render(request, "cohorts/roll_call.html", **_sheet(db, actor, meeting), typed={}, errors={}, why="")


def _sheet(db: Session, actor: Actor, meeting: SessionRef) -> dict[str, Any]:
    shown = service.sheet(db, meeting)
    at = now()
    return {
        "sheet": shown,
        "stage": stage(meeting.starts_at, at, cancelled=shown.session.cancelled, closed=shown.session.closed),
        "statuses": tuple(PresenceStatus),
        "modes": tuple(PresenceMode),
        "default_mode": PresenceMode.VIDEO if meeting.mode is Mode.online else PresenceMode.ONSITE,
        **session_context(db, actor, meeting),
    }


@router.post("/seances/{session_id}/appel")
def close_roll_call(
    request: Request,
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    session_id: int,
    form: Annotated[RollCallForm, Form()],
) -> Response:
    """Close or correct the roll call; a refusal shows the sheet again as it was filled, each error in its place."""
    meeting = calendar.see_session(db, actor, session_id)
    command = RollCallCommand(entries=form.entries, supersedes=form.supersedes, reason=form.reason)
    try:
        service.close_roll_call(db, actor, meeting, command)
    except DomainError as error:
        errors = {_place(form.entries, r.field): explain(r) for r in error.reasons} or {None: explain_error(error)}
        typed = {e.enrolment_id: e for e in form.entries}
        values = {**_sheet(db, actor, meeting), "typed": typed, "errors": errors, "why": form.reason or ""}
        return render(request, "cohorts/roll_call.html", status=error.status, **values)
    return redirect_after_post(f"/cohortes/{meeting.cohort_id}/seances")


def _place(entries: tuple[EntryCommand, ...], field: str | None) -> str | int | None:
    """Whose line an error belongs to (``entries.2.minutes``), the reason's field, or none."""
    match (field or "").split("."):
        case ["entries", place, *_]:
            return entries[int(place)].enrolment_id
        case ["reason"]:
            return "reason"
        case _:
            return None
