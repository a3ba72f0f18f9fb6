"""HTML pages of a cohort's calendar: its sessions, the form of a new one, cancellations."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response

from app.attendance.calendar import changes, links, restorations, service
from app.attendance.calendar.local_form import command_at
from app.attendance.calendar.rules import Stage, change_reasons, stage
from app.attendance.calendar.schemas import (
    AskedReturn,
    CancelCommand,
    ChangeSession,
    LocalChange,
    LocalSession,
    NewSession,
    SessionRef,
    SessionsQuery,
)
from app.attendance.check_ins.service import offers_check_in
from app.cohorts.enums import CohortState
from app.cohorts.schemas import CohortRef
from app.cohorts.service import allowed_actions, see_cohort
from app.curricula.enums import GROUP_MODES, Mode
from app.curricula.library import curriculum_of
from app.network.venues.service import venues_offered
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P, Permission
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()

ACTIONS = (P.SESSION_MANAGE, P.ROLLCALL_RECORD, P.DOCUMENT_SHARE)


@router.get("/cohortes/{cohort_id}/seances", dependencies=[keyed_page()])
def sessions(
    request: Request,
    actor: Annotated[Actor, may(P.SESSION_READ)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.SESSION_READ)],
    query: Annotated[SessionsQuery, Query()],
) -> Response:
    """Show the calendar, with the form of a new session to readers who may schedule one."""
    at = now()
    titles = {a.code: a.title.text for a in curriculum_of(cohort).activities}
    page = service.list_sessions(db, cohort, query).map(
        lambda row: (row, stage(row.starts_at, at, cancelled=row.cancelled, closed=row.closed))
    )
    allowed = _offered(db, actor, cohort)
    return render(
        request,
        "cohorts/sessions.html",
        cohort=cohort,
        sessions=ListView(f"/cohortes/{cohort.id}/seances", query, page),
        stages=tuple(Stage),
        allowed=allowed,
        venues=venues_offered(db, cohort.college_id) if P.SESSION_MANAGE in allowed else [],
        titles=titles,
        activities=service.activities_to_schedule(cohort),
        modes=[m for m in Mode if m in GROUP_MODES],
    )


def _offered(db: Session, actor: Actor, cohort: CohortRef) -> frozenset[Permission]:
    """Return what a page offers to do with the sessions of a cohort: nothing once it is archived."""
    return frozenset() if cohort.state is CohortState.ARCHIVED else allowed_actions(db, actor, cohort, *ACTIONS)


@router.post("/cohortes/{cohort_id}/seances", dependencies=[form_on("/cohortes/{cohort_id}/seances", creates=True)])
def schedule(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.SESSION_MANAGE)],
    form: Annotated[LocalSession, Form()],
) -> Response:
    """Schedule a session at a local hour; refuse one that does not exist, ask which one when it comes twice (BR-30)."""
    service.schedule(db, actor, cohort, command_at(db, cohort, form, NewSession))
    return redirect_after_post(f"/cohortes/{cohort.id}/seances")


@router.get("/seances/{session_id}")
def session_page(
    request: Request,
    actor: Annotated[Actor, may(P.SESSION_READ)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_READ)],
) -> Response:
    """Show a session: when, where, and its meeting link to who takes part."""
    context = session_context(db, actor, session)
    shown = links.show_session(db, actor, session)
    return render(
        request,
        "cohorts/session.html",
        session=shown,
        stage=stage(shown.starts_at, now(), cancelled=shown.cancelled, closed=shown.closed),
        allowed=_offered(db, actor, context["cohort"]),
        checks_in=offers_check_in(db, actor, session),
        **context,
    )


@router.get("/seances/{session_id}/modification")
def change_form(
    request: Request,
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_MANAGE)],
) -> Response:
    """Show the form that moves a session: its day, hour and place as they are, and the reason of the change."""
    refusals = change_reasons(called=service.is_called(db, session.id), cancelled=session.cancelled_at is not None)
    return render(
        request,
        "cohorts/change.html",
        session=session,
        refusals=refusals,
        venues=venues_offered(db, session.college_id, kept=session.venue.id if session.venue else None),
        modes=[m for m in Mode if m in GROUP_MODES],
        **session_context(db, actor, session),
    )


@router.post("/seances/{session_id}/modification", dependencies=[form_on("/seances/{session_id}/modification")])
def change(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_MANAGE)],
    form: Annotated[LocalChange, Form()],
) -> Response:
    """Move or change a session, at a local hour of its venue (BR-30)."""
    cohort = see_cohort(db, actor, session.cohort_id)
    changes.change(db, actor, cohort, session, command_at(db, cohort, form, ChangeSession, kept=session.venue))
    return redirect_after_post(f"/seances/{session.id}")


@router.get("/seances/{session_id}/annulation")
def cancel_form(
    request: Request,
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_MANAGE)],
) -> Response:
    """Show the form that confirms a cancellation, with its reason."""
    return render(request, "cohorts/cancel.html", session=session, **session_context(db, actor, session))


def session_context(db: Session, actor: Actor, session: SessionRef) -> dict[str, Any]:
    """Return the cohort and the activity that a session belongs to, for its pages."""
    cohort = see_cohort(db, actor, session.cohort_id)
    return {"cohort": cohort, "activity": curriculum_of(cohort).activity(session.activity_code)}


@router.post("/seances/{session_id}/annulation", dependencies=[form_on("/seances/{session_id}/annulation")])
def cancel(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_MANAGE)],
    form: Annotated[CancelCommand, Form()],
) -> Response:
    """Cancel a session."""
    service.cancel(db, actor, session, form)
    return redirect_after_post(f"/cohortes/{session.cohort_id}/seances")


@router.get("/seances/{session_id}/retablissement")
def restore_form(
    request: Request,
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_MANAGE)],
) -> Response:
    """Show the form that puts a cancelled session back, with its reason, and what was taken back before."""
    past = restorations.restorations(db, session)
    return render(request, "cohorts/restore.html", session=session, past=past, **session_context(db, actor, session))


@router.post("/seances/{session_id}/retablissement", dependencies=[form_on("/seances/{session_id}/retablissement")])
def restore(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)],
    db: SessionDep,
    session: Annotated[SessionRef, seen(service.see_session, P.SESSION_MANAGE)],
    form: Annotated[AskedReturn, Form()],
) -> Response:
    """Put a cancelled session back in the calendar."""
    restorations.restore(db, actor, session, form)
    return redirect_after_post(f"/cohortes/{session.cohort_id}/seances")
