"""Pages of a cohort's calendar: sessions, cancellations and roll calls."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from app.attendance.calendar import service as calendar
from app.attendance.calendar.rules import at_local, stage
from app.attendance.calendar.schemas import CancelCommand, LocalSession, NewSession, SessionRef
from app.cohorts import service as cohorts
from app.cohorts.schemas import CohortRef
from app.curricula.enums import GROUP_MODES, Mode
from app.curricula.library import default_library
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Invalid
from app.platform.messages.i18n import explain
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)

TOOLS = (P.SESSION_MANAGE, P.ROLLCALL_RECORD)
BLANK = dict.fromkeys(LocalSession.model_fields, "")


@router.get("/cohortes/{cohort_id}/seances")
def sessions(
    request: Request, actor: Annotated[Actor, may(P.SESSION_READ)], db: SessionDep, cohort_id: int
) -> Response:
    """The calendar, with the form of a new session for who may schedule one."""
    found = cohorts.see_cohort(db, actor, cohort_id)
    values = {**_calendar(db, actor, found), "typed": BLANK, "errors": BLANK, "refused": False}
    return render(request, "cohorts/sessions.html", **values)


def _calendar(db: Session, actor: Actor, cohort: CohortRef) -> dict[str, Any]:
    at = now()
    rows = calendar.calendar(db, cohort)
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    return {
        "cohort": cohort,
        "sessions": [(r, stage(r.starts_at, at, cancelled=r.cancelled, closed=r.closed)) for r in rows],
        "doors": cohorts.allowed_actions(db, actor, cohort, *TOOLS),
        "titles": {a.code: a.title.text for a in curriculum.activities},
        "activities": calendar.activities_to_schedule(cohort),
        "modes": [m for m in Mode if m in GROUP_MODES],
    }


@router.post("/cohortes/{cohort_id}/seances")
def schedule(
    request: Request,
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    cohort_id: int,
    form: Annotated[LocalSession, Form()],
) -> Response:
    """Schedule a session at a local hour; the two odd hours of the year are refused or asked about."""
    cohort = cohorts.see_cohort(db, actor, cohort_id)
    starts_at, reasons = at_local(form.day, form.clock, cohort.timezone, second=form.is_second)
    try:
        if reasons:
            raise Invalid("invalid", *reasons)
        shared = form.model_dump(include={"activity_code", "planned_minutes", "mode", "place"})
        calendar.schedule(db, actor, cohort, NewSession(starts_at=starts_at, **shared))
    except Invalid as error:
        errors = BLANK | {"day" if r.field == "starts_at" else r.field: explain(r) for r in error.reasons}
        values = {**_calendar(db, actor, cohort), "typed": form.model_dump(), "errors": errors, "refused": True}
        return render(request, "cohorts/sessions.html", status=error.status, **values)
    return redirect_after_post(f"/cohortes/{cohort_id}/seances")


@router.get("/seances/{session_id}/annulation")
def cancel_form(
    request: Request, actor: Annotated[Actor, may(P.SESSION_MANAGE)], db: SessionDep, session_id: int
) -> Response:
    """Confirm a cancellation, with its reason."""
    meeting = calendar.see_session(db, actor, session_id)
    return render(request, "cohorts/cancel.html", meeting=meeting, **session_context(db, actor, meeting))


def session_context(db: Session, actor: Actor, meeting: SessionRef) -> dict[str, Any]:
    """The cohort and the activity that a session belongs to."""
    cohort = cohorts.see_cohort(db, actor, meeting.cohort_id)
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    _module, activity = curriculum.placed[meeting.activity_code]
    return {"cohort": cohort, "activity": activity}


@router.post("/seances/{session_id}/annulation")
def cancel(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    session_id: int,
    form: Annotated[CancelCommand, Form()],
) -> Response:
    """Cancel a session."""
    meeting = calendar.see_session(db, actor, session_id)
    calendar.cancel(db, actor, meeting, form)
    return redirect_after_post(f"/cohortes/{meeting.cohort_id}/seances")
