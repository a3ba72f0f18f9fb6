"""Pages of codevelopment sessions: roles before, the record after."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from app.attendance.calendar.rules import has_begun
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.codev.groups import service as groups
from app.codev.records import service as records
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.schemas import RecordForm
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.schemas import CodevSessionRef, CodevSessionShown, ProposedShown, RolesForm
from app.curricula.enums import Mode
from app.curricula.library import default_library
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import DomainError, NotFound
from app.platform.messages.i18n import explain, explain_error
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)

Consultations = Annotated[int, Query(ge=1, le=4)]


@router.get("/codev/seances/{session_id}")
def codev_session(
    request: Request,
    actor: Annotated[Actor, may(P.CODEV_READ)],
    db: SessionDep,
    session_id: int,
    *,
    consultations: Annotated[int | None, Query(ge=1, le=4)] = None,
    passe: Annotated[list[int] | None, Query(max_length=8)] = None,
) -> Response:
    """A session; its facilitator plans the roles from the proposal, then closes the record."""
    meeting = sessions.see_codev_session(db, actor, session_id)
    values = _session(db, actor, meeting, consultations, passe or [])
    return render(request, "codev/session.html", **values, said=[])


def _session(
    db: Session, actor: Actor, meeting: CodevSessionRef, asked: int | None, passing: list[int]
) -> dict[str, Any]:
    found = sessions.codev_session(db, meeting)
    group = groups.see_group(db, actor.using(P.CODEV_READ), meeting.group_id)
    curriculum = default_library().curriculum(group.curriculum_slug, group.curriculum_version)
    count = asked or max((r.position for r in found.roles), default=1)
    proposed = sessions.rotation_for(db, meeting, consultations=count, passing=passing)
    fresh = asked is not None or not found.roles
    return {
        "meeting": found,
        "group": group,
        "activity": curriculum.placed[meeting.activity_code][1],
        "begun": has_begun(meeting.starts_at, now()),
        "records": _reaches(db, actor.using(P.CODEV_RECORD), meeting.id),
        "manages": _reaches(db, actor.using(P.CODEV_MANAGE), meeting.id),
        "proposed": proposed,
        "passing": passing,
        "count": count,
        "plan": _proposal(proposed) if fresh else {(r.position, r.role.value): r.membership_id for r in found.roles},
        "lines": _lines(found),
        "turns": _turns(found, count),
        "facilitator_present": True,
        "roles": tuple(CodevRole),
        "statuses": tuple(PresenceStatus),
        "modes": tuple(PresenceMode),
        "turn_statuses": tuple(TurnStatus),
        "turn_reasons": tuple(TurnReason),
    }


def _reaches(db: Session, actor: Actor, session_id: int) -> bool:
    try:
        sessions.see_codev_session(db, actor, session_id)
    except NotFound:
        return False
    return True


def _proposal(proposed: list[ProposedShown]) -> dict[tuple[int, str], int]:
    """Client and reserve by position and role, as the selects of the form name them."""
    clients = {(p.position, CodevRole.CLIENT.value): p.client_id for p in proposed}
    return clients | {(p.position, CodevRole.RESERVE.value): p.reserve_id for p in proposed}


def _lines(found: CodevSessionShown) -> dict[int, tuple[str, int, str]]:
    """``(status, minutes, mode)`` of each member for the sheet: present with the planned minutes until told."""
    usual = PresenceMode.VIDEO if found.mode is Mode.online else PresenceMode.ONSITE
    return {
        e.membership_id: (e.status.value, e.minutes or 0, e.mode.value if e.mode else "")
        if e.status is not None
        else (PresenceStatus.PRESENT.value, found.planned_minutes, usual.value)
        for e in found.entries
    }


def _turns(found: CodevSessionShown, count: int) -> list[tuple[int, int | None, str, str]]:
    """``(position, client, status, reason)`` for the sheet: as recorded, else as planned and held."""
    if found.turns:
        return [(t.position, t.client_id, t.status.value, t.reason.value if t.reason else "") for t in found.turns]
    planned = {r.position: r.membership_id for r in found.roles if r.role is CodevRole.CLIENT}
    return [(place, planned.get(place), TurnStatus.HELD.value, "") for place in range(1, count + 1)]


@router.post("/codev/seances/{session_id}/roles")
def plan_roles(
    request: Request,
    actor: Annotated[Actor, may(P.CODEV_RECORD)],
    db: SessionDep,
    session_id: int,
    form: Annotated[RolesForm, Form()],
) -> Response:
    """Plan the roles; a refusal shows the form again as it was filled."""
    meeting = sessions.see_codev_session(db, actor, session_id)
    try:
        sessions.plan_roles(db, meeting, form.command)
    except DomainError as error:
        plan = {(r.position, r.role.value): r.membership_id for r in form.command.roles}
        values = _session(db, actor, meeting, len(form.client) or None, [])
        return _refused(request, error, **{**values, "plan": plan})
    return redirect_after_post(f"/codev/seances/{session_id}")


@router.post("/codev/seances/{session_id}/bilan")
def close_record(
    request: Request,
    actor: Annotated[Actor, may(P.CODEV_RECORD)],
    db: SessionDep,
    session_id: int,
    form: Annotated[RecordForm, Form()],
) -> Response:
    """Close or correct the record; a refusal shows the sheet again as it was filled."""
    meeting = sessions.see_codev_session(db, actor, session_id)
    command = form.command
    try:
        records.close_record(db, actor, meeting, command)
    except DomainError as error:
        values = _session(db, actor, meeting, len(form.position) or None, [])
        typed = {
            "lines": {
                e.membership_id: (e.status.value, e.minutes, e.mode.value if e.mode else "") for e in command.entries
            },
            "turns": [
                (p, c, s.value, r.value if r else "")
                for p, c, s, r in zip(form.position, form.client_id, form.turn, form.reason, strict=False)
            ],
            "facilitator_present": form.facilitator_present,
        }
        return _refused(request, error, **{**values, **typed})
    return redirect_after_post(f"/codev/seances/{session_id}")


def _refused(request: Request, error: DomainError, **values: Any) -> Response:  # noqa: ANN401 - a page's values
    said = [explain(r) for r in error.reasons] or [explain_error(error)]
    return render(request, "codev/session.html", status=error.status, said=said, **values)


@router.post("/codev/seances/{session_id}/annulation")
def cancel(actor: Annotated[Actor, may(P.CODEV_MANAGE)], db: SessionDep, session_id: int) -> Response:
    """Cancel a session."""
    meeting = sessions.see_codev_session(db, actor, session_id)
    sessions.cancel_session(db, actor, meeting)
    return redirect_after_post(f"/codev/groupes/{meeting.group_id}")
