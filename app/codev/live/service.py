"""A session as it happens: its state from its events, and what the facilitator does in it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from app.codev.groups.models import CodevGroup
from app.codev.live.agenda import Slot
from app.codev.live.enums import LiveAction, LivePhase, Tone
from app.codev.live.models import CodevLiveEvent
from app.codev.live.rules import (
    AMBER,
    NOT_NOW,
    OPENS,
    RED,
    Done,
    Planned,
    State,
    allowed,
    command_reasons,
    effective,
    fold,
    tone_of,
)
from app.codev.live.schemas import LiveCommand, LivePerson, LivePrompts, LiveShown, LiveStep, LiveTurn
from app.codev.protocols.enums import SessionPart
from app.codev.protocols.library import codev_library
from app.codev.protocols.schemas import Protocol, Step
from app.codev.records.service import current_record, roster
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import CodevSession, RoleAssignment
from app.codev.sessions.schemas import CodevSessionRef
from app.cohorts.models import Cohort
from app.cohorts.service import require_not_archived
from app.identity.roles.service import holders
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason, Stale
from app.platform.messages.i18n import t
from app.platform.security.actor import Actor
from app.platform.security.permissions import Role

ENDED = frozenset({LivePhase.RECORDED, LivePhase.CANCELLED})
"""The phases in which nothing changes any more."""
SETTLING = (LiveAction.START, LiveAction.SWAP)
"""What a new plan of roles would undo: a swap exchanges the client and the reserve of the plan that it was made in."""


def act(db: Session, actor: Actor, meeting: CodevSessionRef, command: LiveCommand, version: int) -> None:
    """Do something in a session, as its facilitator, from the version that they saw.

    Raises ``Stale("live_moved_on")`` when something else was done since, so that a second touch does nothing twice;
    ``Conflict``: ``cohort_archived``, ``session_cancelled``, ``codev_record_closed``, ``live_too_early`` more than an
    hour before the session, ``live_not_now``; ``Invalid`` with the other reasons of :func:`command_reasons`.
    """
    require_not_archived(db.get_one(Cohort, meeting.cohort_id))
    row = db.get_one(CodevSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    if row.cancelled_at is not None:
        raise Conflict("session_cancelled")
    if db.exec(current_record(meeting.id)).first() is not None:
        raise Conflict("codev_record_closed")
    if now() < row.starts_at - OPENS:
        raise Conflict("live_too_early")
    events = _events(db, meeting.id)
    if version != len(events):
        raise Stale("live_moved_on", Reason("live_moved_on", field="version"))
    done = [_done(event) for event in events]
    state = fold(_protocol(db, meeting), _planned(_roles(db, meeting)), done)
    members = [id_ for id_, _ in roster(db, meeting)]
    reasons = command_reasons(state, done, command.action, command.membership_id, command.reason, roster=members)
    if any(reason.code == NOT_NOW for reason in reasons):
        raise Conflict(NOT_NOW, *reasons)
    if reasons:
        raise Invalid("invalid", *reasons)
    db.add(
        CodevLiveEvent(
            college_id=meeting.college_id,
            session_id=meeting.id,
            version=version + 1,
            action=command.action,
            membership_id=command.membership_id,
            reason=command.reason,
            done_at=now(),
            done_by=actor.person_id,
        )
    )
    db.flush()


def settled_by(db: Session, session_id: int) -> LiveAction | None:
    """Return what was done on a session's screen, and not taken back, since which its roles change there alone."""
    done = [e.action for e in effective(_done(e) for e in _events(db, session_id))]
    return next((action for action in SETTLING if action in done), None)


def state_of(db: Session, meeting: CodevSessionRef) -> State | None:
    """Return the state of a session that was finished on its screen, for its record; ``None`` for any other."""
    events = [_done(event) for event in _events(db, meeting.id)]
    if not events:
        return None
    state = fold(_protocol(db, meeting), _planned(_roles(db, meeting)), events)
    return state if state.finished_at is not None else None


def live(db: Session, meeting: CodevSessionRef) -> LiveShown:
    """Return a session as it happens, whole, at this moment."""
    moment = now()
    events = [_done(event) for event in _events(db, meeting.id)]
    protocol, roles = _protocol(db, meeting), _roles(db, meeting)
    state = fold(protocol, _planned(roles), events)
    phase = _phase(db, meeting, state)
    left = state.left(moment)
    planned = state.seconds_of(state.place) if state.place is not None else 0
    names = dict(roster(db, meeting, _named(state, roles)))
    standing = effective(events)
    return LiveShown(
        session_id=meeting.id,
        version=len(events),
        server_now=moment,
        phase=phase,
        is_paused=state.place is not None and state.running_since is None and state.finished_at is None,
        started_at=state.started_at,
        finished_at=state.finished_at,
        current=state.place,
        steps=tuple(_step(protocol, state, place, moment) for place in range(len(state.slots))),
        left_seconds=None if left is None else round(left),
        ends_at=moment + timedelta(seconds=left) if left is not None and state.running_since is not None else None,
        amber_seconds=round(planned * AMBER),
        red_seconds=round(planned * RED),
        tone=Tone.CALM if left is None else tone_of(left, planned),
        consultation=state.position,
        prompts=_prompts(protocol, state),
        turns=tuple(_turn(state, position, names) for position in sorted(state.turns)),
        people=tuple(_person(state, roles, id_, name) for id_, name in names.items()),
        facilitators=tuple(
            name for _, name in holders(db, Role.FACILITATOR, college_id=meeting.college_id, group_id=meeting.group_id)
        ),
        allowed=() if phase in ENDED else allowed(state, events),
        last_action=standing[-1].action if standing else None,
    )


def followed_versions(db: Session, session_ids: Collection[int]) -> dict[int, int]:
    """Return how many events each of these sessions has: what one reader a process asks for all its followers."""
    statement = (
        sa.select(col(CodevLiveEvent.session_id), sa.func.max(col(CodevLiveEvent.version)))
        .where(col(CodevLiveEvent.session_id) == sa.any_(sa.literal(list(session_ids), sa.ARRAY(sa.Integer))))
        .group_by(col(CodevLiveEvent.session_id))
    )
    return {session_id: version for session_id, version in db.execute(statement)}  # noqa: C416 - rows are no pairs to mypy


def _events(db: Session, session_id: int) -> Sequence[CodevLiveEvent]:
    statement = select(CodevLiveEvent).where(CodevLiveEvent.session_id == session_id)
    return db.exec(statement.order_by(col(CodevLiveEvent.version))).all()


def _done(event: CodevLiveEvent) -> Done:
    return Done(event.action, event.done_at, event.membership_id, event.reason)


def _protocol(db: Session, meeting: CodevSessionRef) -> Protocol:
    version = db.exec(select(CodevGroup.protocol_version).where(CodevGroup.id == meeting.group_id)).one()
    return codev_library().protocol(version)


def _roles(db: Session, meeting: CodevSessionRef) -> Sequence[RoleAssignment]:
    return db.exec(select(RoleAssignment).where(RoleAssignment.session_id == meeting.id)).all()


def _planned(roles: Iterable[RoleAssignment]) -> list[Planned]:
    held = {(r.position, r.role): r.membership_id for r in roles}
    return [
        Planned(position, held.get((position, CodevRole.CLIENT)), held.get((position, CodevRole.RESERVE)))
        for position in sorted({position for position, _ in held})
    ]


def _phase(db: Session, meeting: CodevSessionRef, state: State) -> LivePhase:
    if meeting.cancelled_at is not None:
        return LivePhase.CANCELLED
    return LivePhase.RECORDED if db.exec(current_record(meeting.id)).first() is not None else state.phase


def _named(state: State, roles: Iterable[RoleAssignment]) -> list[int]:
    """Return the memberships that a session names: those who left the group since stay named in it."""
    return [*{*state.presence, *(r.membership_id for r in roles)}]


def _step(protocol: Protocol, state: State, place: int, moment: datetime) -> LiveStep:
    slot = state.slots[place]
    return LiveStep(
        part=slot.part,
        position=slot.position,
        title=_title(protocol, state, slot),
        planned_seconds=slot.seconds,
        given_seconds=state.seconds_of(place),
        spent_seconds=round(state.spent_on(place, moment)),
    )


def _title(protocol: Protocol, state: State, slot: Slot) -> str:
    step = _protocol_step(protocol, state, slot)
    if slot.part is SessionPart.CONSULTATION and step is not None:
        return step.title.text
    return t(f"codev_part.{slot.part.value}")


def _protocol_step(protocol: Protocol, state: State, slot: Slot) -> Step | None:
    """Return what the protocol says of a slot; nothing of a break and of the closing."""
    if slot.position is not None and slot.step is not None:
        return protocol.variant(state.variants[slot.position]).steps[slot.step]
    return {SessionPart.OPENING: protocol.preparation, SessionPart.FOLLOW_UP: protocol.follow_up}.get(slot.part)


def _prompts(protocol: Protocol, state: State) -> LivePrompts | None:
    step = None if state.place is None else _protocol_step(protocol, state, state.slots[state.place])
    if step is None or state.finished_at is not None:
        return None
    return LivePrompts(
        speaks=step.speaks,
        purpose=step.purpose.text,
        facilitator=tuple(sentence.text for sentence in step.facilitator),
        client=tuple(sentence.text for sentence in step.client),
        consultants=tuple(sentence.text for sentence in step.consultants),
    )


def _turn(state: State, position: int, names: Mapping[int, str]) -> LiveTurn:
    turn = state.turns[position]
    return LiveTurn(
        position=position,
        client_id=turn.client_id,
        client=names.get(turn.client_id or 0, ""),
        reserve_id=turn.reserve_id,
        reserve=names.get(turn.reserve_id or 0, ""),
        protocol=state.variants[position],
        is_postponed=position in state.postponed,
    )


def _person(state: State, roles: Iterable[RoleAssignment], membership_id: int, name: str) -> LivePerson:
    """Return a member with their roles in the consultation under way: client and reserve as they are after swaps."""
    turn = state.turns.get(state.position or 0)
    shown = []
    if turn is not None:
        named = ((turn.client_id, CodevRole.CLIENT), (turn.reserve_id, CodevRole.RESERVE))
        shown += [role.value for id_, role in named if id_ == membership_id]
    shown += [
        r.role.value
        for r in roles
        if r.membership_id == membership_id
        and r.position == state.position
        and r.role not in {CodevRole.CLIENT, CodevRole.RESERVE}
    ]
    return LivePerson(membership_id=membership_id, name=name, is_here=membership_id in state.here, roles=tuple(shown))
