"""Pages of sessions: the plan of roles before, the record after."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response

from app.attendance.calendar.local_form import command_at
from app.attendance.calendar.rules import has_begun
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.codev.confidences.places import own_place
from app.codev.confirmations.service import confirmations
from app.codev.groups.service import see_group
from app.codev.handovers.shown import handovers
from app.codev.live import proposal
from app.codev.live.rules import OPENS, State
from app.codev.live.service import state_of
from app.codev.protocols.enums import Variant
from app.codev.ratings import service as ratings
from app.codev.records import service as records
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.schemas import RecordForm
from app.codev.sessions import changes
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import CodevRole, MoveReason, UndoReason
from app.codev.sessions.plans import clients_out_of_turn
from app.codev.sessions.schemas import (
    AskedCodevReturn,
    ChangeCodevSession,
    CodevSessionRef,
    CodevSessionShown,
    LocalCodevChange,
    ProposedShown,
    RolesForm,
)
from app.codev.sessions.service import see_codev_session
from app.codev.sheets import service as sheets
from app.cohorts.enums import CohortState
from app.curricula.enums import GROUP_MODES, Mode
from app.curricula.library import curriculum_of
from app.network.venues.service import venues_offered
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on, typed_values
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

Recorder = Annotated[Actor, may(P.CODEV_RECORD)]
MOVE = "/codev/seances/{session_id}/modification"
Manager = Annotated[Actor, may(P.CODEV_MANAGE)]
ManagedSession = Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_MANAGE)]
RecordedSession = Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_RECORD)]


@router.get("/codev/seances/{session_id}")
def session_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_READ)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_READ)],
    *,
    consultations: Annotated[int | None, Query(ge=1, le=4)] = None,
    passe: Annotated[list[int] | None, Query(max_length=8)] = None,
) -> Response:
    """A session, where its facilitator plans the roles from the proposal, then closes the record."""
    asked = consultations or max(len(typed_values(request, name)) for name in ("client", "position")) or None
    return render(request, "codev/session.html", **_session_context(db, actor, meeting, asked, passe or []))


def _session_context(
    db: Session, actor: Actor, meeting: CodevSessionRef, consultations: int | None, passing: list[int]
) -> dict[str, Any]:
    """Return the page's values; ``consultations`` is the number chosen, ``None`` for that of the plan."""
    shown = sessions.codev_session(db, meeting)
    group = see_group(db, actor.using(P.CODEV_READ), meeting.group_id)
    count = consultations or max((r.position for r in shown.roles), default=1)
    proposed = sessions.rotation_for(db, meeting, consultations=count, passing=passing)
    plan = {(r.position, r.role.value): r.membership_id for r in shown.roles}
    is_archived = group.cohort_state is CohortState.ARCHIVED
    played = state_of(db, meeting) if shown.record_id is None else None
    allowed = (
        frozenset() if is_archived else sessions.allowed_actions(db, actor, meeting, P.CODEV_RECORD, P.CODEV_MANAGE)
    )
    return {
        "meeting": shown,
        "group": group,
        "activity": curriculum_of(group).placed[meeting.activity_code][1],
        "begun": has_begun(meeting.starts_at, now()),
        "may_record": P.CODEV_RECORD in allowed,
        "manages": P.CODEV_MANAGE in allowed,
        "proposed": proposed,
        "passing": passing,
        "count": count,
        "plan": plan if plan and consultations is None else _proposal(proposed),
        "played": played is not None,
        "confirmed": confirmations(db, actor, meeting),
        "handovers": handovers(db, actor, meeting) if meeting.inside and actor.can(P.CODEV_TAKE_PART) else None,
        "out_of_turn": clients_out_of_turn(db, meeting)
        if P.CODEV_RECORD in allowed and shown.record_id is None
        else (),
        "live_open": meeting.inside and now() >= meeting.starts_at - OPENS,
        "lines": _presence_lines(shown) if played is None else _played_presences(shown, played),
        "turns": _turn_lines(shown, count) if played is None else _played_turns(played),
        "roles": tuple(CodevRole),
        "statuses": tuple(PresenceStatus),
        "modes": tuple(PresenceMode),
        "turn_statuses": tuple(TurnStatus),
        "turn_reasons": tuple(TurnReason),
        "variants": tuple(Variant),
        "undo_reasons": tuple(UndoReason),
        "sheets": sheets.sheet_facts(db, meeting),
        "ratings": ratings.figures(db, meeting),
        "reads_sheets": meeting.inside and actor.can(P.CONFIDENCE_READ),
        "may_prepare": actor.can(P.CONFIDENCE_WRITE) and own_place(db, actor, meeting.id) is not None,
        "past_times": changes.past_times(db, meeting),
        "may_move": not changes.refusals(db, meeting),
    }


def _proposal(proposed: list[ProposedShown]) -> dict[tuple[int, str], int]:
    """Return the clients and reserves proposed, by position and role."""
    clients = {(p.position, CodevRole.CLIENT.value): p.client_id for p in proposed}
    return clients | {(p.position, CodevRole.RESERVE.value): p.reserve_id for p in proposed}


def _presence_lines(shown: CodevSessionShown) -> dict[int, tuple[str, int, str]]:
    """Return ``(status, minutes, mode)`` of each member: as recorded, else present for the planned minutes."""
    usual = PresenceMode.VIDEO if shown.mode is Mode.online else PresenceMode.ONSITE
    return {
        e.membership_id: (e.status.value, e.minutes or 0, e.mode.value if e.mode else "")
        if e.status is not None
        else (PresenceStatus.PRESENT.value, shown.planned_minutes, usual.value)
        for e in shown.entries
    }


def _turn_lines(shown: CodevSessionShown, count: int) -> list[tuple[int, int | None, str, str, str]]:
    """Return ``(position, client, status, reason, protocol)`` of each turn: as recorded, else as planned and held."""
    if shown.turns:
        return [
            (t.position, t.client_id, t.status.value, t.reason.value if t.reason else "", t.protocol.value)
            for t in shown.turns
        ]
    planned = {r.position: r.membership_id for r in shown.roles if r.role is CodevRole.CLIENT}
    usual = (TurnStatus.HELD.value, "", Variant.STANDARD.value)
    return [(position, planned.get(position), *usual) for position in range(1, count + 1)]


def _played_presences(shown: CodevSessionShown, played: State) -> dict[int, tuple[str, int, str]]:
    """Return ``(status, minutes, mode)`` of each member, as the session was played on its screen."""
    usual = PresenceMode.VIDEO if shown.mode is Mode.online else PresenceMode.ONSITE
    lines = proposal.presences(played, [e.membership_id for e in shown.entries], shown.planned_minutes)
    return {p.membership_id: (p.status.value, p.minutes, usual.value if p.minutes else "") for p in lines}


def _played_turns(played: State) -> list[tuple[int, int | None, str, str, str]]:
    """Return ``(position, client, status, reason, protocol)`` of each turn, as it was played on the screen."""
    return [
        (t.position, t.client_id, t.status.value, t.reason.value if t.reason else "", t.variant.value)
        for t in proposal.turns(played)
    ]


@router.post("/codev/seances/{session_id}/roles", dependencies=[form_on("/codev/seances/{session_id}")])
def plan_roles(
    db: SessionDep,
    actor: Recorder,
    meeting: RecordedSession,
    form: Annotated[RolesForm, Form()],
) -> Response:
    """Plan the roles."""
    sessions.plan_roles(db, meeting, form.command)
    return redirect_after_post(f"/codev/seances/{meeting.id}")


@router.post("/codev/seances/{session_id}/bilan", dependencies=[form_on("/codev/seances/{session_id}")])
def close_record(
    db: SessionDep,
    actor: Recorder,
    meeting: RecordedSession,
    form: Annotated[RecordForm, Form()],
) -> Response:
    """Close or correct the record."""
    records.close_record(db, actor, meeting, form.command)
    return redirect_after_post(f"/codev/seances/{meeting.id}")


@router.get(MOVE)
def change_form(request: Request, db: SessionDep, actor: Manager, meeting: ManagedSession) -> Response:
    """Show the form that moves a session: its day, hour and place as they are, and the kind of reason."""
    group = see_group(db, actor, meeting.group_id)
    return render(
        request,
        "codev/change.html",
        meeting=meeting,
        group=group,
        activity=curriculum_of(group).placed[meeting.activity_code][1],
        refusals=changes.refusals(db, meeting),
        venues=venues_offered(db, meeting.college_id, kept=meeting.venue.id if meeting.venue else None),
        modes=[m for m in Mode if m in GROUP_MODES],
        reasons=tuple(MoveReason),
    )


@router.post(MOVE, dependencies=[form_on(MOVE)])
def change(
    db: SessionDep, actor: Manager, meeting: ManagedSession, form: Annotated[LocalCodevChange, Form()]
) -> Response:
    """Move or change a session, at a local hour of its venue (BR-30)."""
    group = see_group(db, actor, meeting.group_id)
    command = command_at(db, group, form, ChangeCodevSession, kept=meeting.venue)
    changes.change_session(db, actor, group, meeting, command)
    return redirect_after_post(f"/codev/seances/{meeting.id}")


@router.post("/codev/seances/{session_id}/annulation", dependencies=[form_on("/codev/seances/{session_id}")])
def cancel(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_MANAGE)],
) -> Response:
    """Cancel a session."""
    sessions.cancel_session(db, actor, meeting)
    return redirect_after_post(f"/codev/groupes/{meeting.group_id}")


@router.post("/codev/seances/{session_id}/retablissement", dependencies=[form_on("/codev/seances/{session_id}")])
def restore(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_MANAGE)],
    form: Annotated[AskedCodevReturn, Form()],
) -> Response:
    """Put a cancelled session back."""
    sessions.restore_session(db, actor, meeting, form)
    return redirect_after_post(f"/codev/seances/{meeting.id}")
