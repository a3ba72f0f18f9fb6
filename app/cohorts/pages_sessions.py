"""Pages of a cohort's calendar: sessions, cancellations and roll calls."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from app.access import Actor, P, may
from app.cohorts import service
from app.cohorts import service_sessions as calendar
from app.cohorts.models import PresenceMode, PresenceStatus
from app.cohorts.rules import at_local, stage
from app.cohorts.schemas import (
    CancelCommand,
    CohortRef,
    EntryCommand,
    LocalSession,
    NewSession,
    RollCallCommand,
    RollCallForm,
    SessionRef,
)
from app.curricula.library import default_library
from app.curricula.schema import GROUP_MODES, Mode
from app.db import Session, SessionDep, now
from app.errors import DomainError, Invalid
from app.text import explain, explain_error
from app.web import render, see_other

router = APIRouter(include_in_schema=False)

TOOLS = (P.SESSION_MANAGE, P.ROLLCALL_RECORD)
BLANK = dict.fromkeys(LocalSession.model_fields, "")


@router.get("/cohortes/{cohort_id}/seances")
def sessions(
    request: Request, actor: Annotated[Actor, may(P.SESSION_READ)], session: SessionDep, cohort_id: int
) -> Response:
    """The calendar, with the form of a new session for who may schedule one."""
    found = service.see_cohort(session, actor, cohort_id)
    values = {**_calendar(session, actor, found), "typed": BLANK, "errors": BLANK, "refused": False}
    return render(request, "cohorts/sessions.html", **values)


def _calendar(session: Session, actor: Actor, cohort: CohortRef) -> dict[str, Any]:
    at = now()
    rows = calendar.calendar(session, cohort)
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    return {
        "cohort": cohort,
        "sessions": [(r, stage(r.starts_at, at, cancelled=r.cancelled, closed=r.closed)) for r in rows],
        "doors": service.doors(session, actor, cohort, *TOOLS),
        "titles": {a.code: a.title.text for a in curriculum.activities},
        "activities": calendar.activities_to_schedule(cohort),
        "modes": [m for m in Mode if m in GROUP_MODES],
    }


@router.post("/cohortes/{cohort_id}/seances")
def schedule(
    request: Request,
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    session: SessionDep,
    cohort_id: int,
    form: Annotated[LocalSession, Form()],
) -> Response:
    """Schedule a session at a local hour; the two odd hours of the year are refused or asked about."""
    cohort = service.see_cohort(session, actor, cohort_id)
    starts_at, reasons = at_local(form.day, form.clock, cohort.timezone, second=form.is_second)
    try:
        if reasons:
            raise Invalid("invalid", *reasons)
        shared = form.model_dump(include={"activity_code", "planned_minutes", "mode", "place"})
        calendar.schedule(session, actor, cohort, NewSession(starts_at=starts_at, **shared))
    except Invalid as error:
        errors = BLANK | {"day" if r.field == "starts_at" else r.field: explain(r) for r in error.reasons}
        values = {**_calendar(session, actor, cohort), "typed": form.model_dump(), "errors": errors, "refused": True}
        return render(request, "cohorts/sessions.html", status=error.status, **values)
    return see_other(f"/cohortes/{cohort_id}/seances")


@router.get("/seances/{session_id}/annulation")
def cancel_form(
    request: Request, actor: Annotated[Actor, may(P.SESSION_MANAGE)], session: SessionDep, session_id: int
) -> Response:
    """Confirm a cancellation, with its reason."""
    meeting = calendar.see_session(session, actor, session_id)
    return render(request, "cohorts/cancel.html", meeting=meeting, **_around(session, actor, meeting))


def _around(session: Session, actor: Actor, meeting: SessionRef) -> dict[str, Any]:
    """The cohort and the activity that a session belongs to."""
    cohort = service.see_cohort(session, actor, meeting.cohort_id)
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    _module, activity = curriculum.placed[meeting.activity_code]
    return {"cohort": cohort, "activity": activity}


@router.post("/seances/{session_id}/annulation")
def cancel(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    session: SessionDep,
    session_id: int,
    form: Annotated[CancelCommand, Form()],
) -> Response:
    """Cancel a session."""
    meeting = calendar.see_session(session, actor, session_id)
    calendar.cancel(session, actor, meeting, form)
    return see_other(f"/cohortes/{meeting.cohort_id}/seances")


# Roll calls -------------------------------------------------------------------------------------


@router.get("/seances/{session_id}/appel")
def roll_call(
    request: Request, actor: Annotated[Actor, may(P.ROLLCALL_RECORD)], session: SessionDep, session_id: int
) -> Response:
    """The sheet: everyone present with the planned minutes until told otherwise."""
    meeting = calendar.see_session(session, actor, session_id)
    return render(request, "cohorts/roll_call.html", **_sheet(session, actor, meeting), typed={}, errors={}, why="")


def _sheet(session: Session, actor: Actor, meeting: SessionRef) -> dict[str, Any]:
    shown = calendar.sheet(session, meeting)
    at = now()
    return {
        "sheet": shown,
        "stage": stage(meeting.starts_at, at, cancelled=shown.session.cancelled, closed=shown.session.closed),
        "statuses": tuple(PresenceStatus),
        "modes": tuple(PresenceMode),
        "default_mode": PresenceMode.VIDEO if meeting.mode is Mode.online else PresenceMode.ONSITE,
        **_around(session, actor, meeting),
    }


@router.post("/seances/{session_id}/appel")
def close_roll_call(
    request: Request,
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    session: SessionDep,
    session_id: int,
    form: Annotated[RollCallForm, Form()],
) -> Response:
    """Close or correct the roll call; a refusal shows the sheet again as it was filled, each error in its place."""
    meeting = calendar.see_session(session, actor, session_id)
    command = RollCallCommand(entries=form.entries, supersedes=form.supersedes, reason=form.reason)
    try:
        calendar.close_roll_call(session, actor, meeting, command)
    except DomainError as error:
        errors = {_place(form.entries, r.field): explain(r) for r in error.reasons} or {None: explain_error(error)}
        typed = {e.enrolment_id: e for e in form.entries}
        values = {**_sheet(session, actor, meeting), "typed": typed, "errors": errors, "why": form.reason or ""}
        return render(request, "cohorts/roll_call.html", status=error.status, **values)
    return see_other(f"/cohortes/{meeting.cohort_id}/seances")


def _place(entries: tuple[EntryCommand, ...], field: str | None) -> str | int | None:
    """Whose line an error belongs to (``entries.2.minutes``), the reason's field, or none."""
    match (field or "").split("."):
        case ["entries", place, *_]:
            return entries[int(place)].enrolment_id
        case ["reason"]:
            return "reason"
        case _:
            return None
