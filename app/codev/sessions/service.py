"""Sessions of groups: planning, cancelling, roles, rotation, and their read model."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.attendance.calendar.rules import calendar_reasons, link_is_shown, link_shown_from
from app.attendance.calendar.service import venue_for
from app.attendance.clashes.rules import SessionKey
from app.attendance.clashes.service import Plan, require_seen
from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.groups.schemas import GroupRef
from app.codev.live.enums import LiveAction
from app.codev.live.service import settled_by
from app.codev.records.models import CodevPresence, CodevRecord, CodevTurn
from app.codev.records.service import current_record, current_records, roster
from app.codev.sessions.models import CodevSession, CodevSessionRestoration, RoleAssignment
from app.codev.sessions.notices import tell_group, tell_planned
from app.codev.sessions.plans import passing_in, plan_in, turns_of, write_plan
from app.codev.sessions.rules import Assigned, propose, role_reasons
from app.codev.sessions.schemas import (
    CodevSessionRef,
    CodevSessionRow,
    CodevSessionShown,
    NewCodevSession,
    PresenceShown,
    ProposedShown,
    RestoreCodevSession,
    RolesCommand,
    SessionRole,
    TurnShown,
)
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.service import require_not_archived, require_not_ended
from app.curricula.enums import ActivityType
from app.curricula.library import curriculum_of
from app.curricula.schemas import Activity
from app.identity.roles.models import RoleGrantRow
from app.network.venues.models import Venue
from app.network.venues.schemas import VenueAddress, VenueShown
from app.network.venues.service import require_offered
from app.notifications.enums import Kind
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, refuse_unless
from app.platform.messages.i18n import local
from app.platform.security.actor import Actor, scoped
from app.platform.security.duties import own_case
from app.platform.security.permissions import Permission, Role


def is_inside(actor: Actor, group_id: int) -> bool:
    """Whether the actor is a member or the facilitator of the group."""
    return any(grant.group_id == group_id for grant in actor.grants)


def plan_session(db: Session, actor: Actor, group: GroupRef, command: NewCodevSession) -> CodevSessionRow:
    """Plan a session for a codevelopment activity of the group's path; each activity has one session.

    Raises ``Invalid``, ``Conflict``: ``cohort_closed``, ``cohort_archived``, ``codev_activity_planned``,
    ``session_clashes`` when what clashes with it is not what was read.
    """
    cohort = db.get_one(Cohort, group.cohort_id)
    require_not_ended(cohort)
    activity = next((a for a in codev_activities(group) if a.code == command.activity_code), None)
    if activity is None:
        raise Invalid("invalid", Reason("not_a_codev_activity", {"activity": command.activity_code}, "activity_code"))
    mode = command.mode or activity.mode
    venue = venue_for(db, group.college_id, mode, command.venue_id, command.meeting_link)
    zone = venue.timezone if venue is not None else group.timezone
    day = local(command.starts_at, zone).date()
    refuse_unless(*calendar_reasons(day, group.starts_on, group.ends_on), code="invalid")
    db.get_one(CodevGroup, group.id, with_for_update={"key_share": True})
    _refuse_planned(db, group.id, activity.code)
    minutes = command.planned_minutes or activity.minutes
    if command.clashes_seen is not None:
        plan = plan_of(db, group.college_id, group.id, venue, zone)
        require_seen(db, actor, plan, (command.starts_at, minutes), command.clashes_seen)
    row = CodevSession(
        college_id=group.college_id,
        group_id=group.id,
        activity_code=activity.code,
        starts_at=command.starts_at,
        planned_minutes=minutes,
        mode=mode,
        venue_id=command.venue_id,
        meeting_link=command.meeting_link,
        timezone=zone,
        created_at=now(),
        created_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    if cohort.state is CohortState.RUNNING:
        tell_planned(db, actor, row, venue)
    return _row(row, venue, held=None)


def plan_of(
    db: Session, college_id: int, group_id: int, venue: VenueShown | None, zone: str, *, session_id: int | None = None
) -> Plan:
    """Return who is to come to a session of a group, and where."""
    inside = sa.select(col(RoleGrantRow.person_id), col(RoleGrantRow.role)).where(
        col(RoleGrantRow.group_id) == group_id, col(RoleGrantRow.ended_at).is_(None)
    )
    rows = db.execute(inside).all()
    return Plan(
        college_id,
        frozenset(person_id for person_id, role in rows if role is Role.FACILITATOR),
        frozenset(person_id for person_id, role in rows if role is not Role.FACILITATOR),
        venue,
        zone,
        session=SessionKey(is_codev=True, id=session_id) if session_id is not None else None,
    )


def _refuse_planned(db: Session, group_id: int, activity_code: str) -> None:
    """Raise ``Conflict`` when the group, which is locked, has a session of the activity, to come or held."""
    of_activity = (s for s in _sessions(db, group_id) if s.activity_code == activity_code)
    if any(not s.cancelled and s.held is not False for s in of_activity):
        raise Conflict("codev_activity_planned", Reason("codev_activity_planned", field="activity_code"))


def codev_activities(group: GroupRef) -> list[Activity]:
    """Return the codevelopment activities of the group's path, in order."""
    return [a for a in curriculum_of(group).activities if a.type is ActivityType.codev]


def sessions_of(db: Session, group: GroupRef) -> list[CodevSessionRow]:
    """Return the sessions of a group in order of time, cancelled ones included."""
    return _sessions(db, group.id)


def _sessions(db: Session, group_id: int) -> list[CodevSessionRow]:
    records = current_records()
    statement = (
        select(CodevSession, Venue, records.c.held)
        .outerjoin(Venue, col(Venue.id) == CodevSession.venue_id)
        .outerjoin(records, records.c.session_id == CodevSession.id)
        .where(CodevSession.group_id == group_id)
        .order_by(col(CodevSession.starts_at), col(CodevSession.id))
    )
    return [_row(row, venue, held=held) for row, venue, held in db.exec(statement).all()]


def _row(row: CodevSession, venue: Venue | VenueShown | None, *, held: bool | None) -> CodevSessionRow:
    shared = row.model_dump(include=set(CodevSessionRow.model_fields))
    return CodevSessionRow(**shared, venue=_address(venue), cancelled=row.cancelled_at is not None, held=held)


def _address(venue: Venue | VenueShown | None) -> VenueAddress | None:
    return VenueAddress.model_validate(venue) if venue is not None else None


def cancel_session(db: Session, actor: Actor, meeting: CodevSessionRef) -> CodevSessionRef:
    """Cancel a session, which then counts for nobody even with a closed record; return its new state.

    Raises ``Forbidden("own_case")`` when the record names the actor, whose hours would change.
    """
    _refuse_own_presence(db, actor, meeting)
    require_not_archived(db.get_one(Cohort, meeting.cohort_id))
    row = db.get_one(CodevSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    if row.cancelled_at is not None:
        raise Conflict("session_cancelled")
    row.cancelled_at, row.cancelled_by = now(), actor.person_id
    row.sequence += 1
    db.add(row)
    db.flush()
    tell_group(db, actor, row, Kind.CODEV_CANCELLED)
    return meeting.model_copy(update=row.model_dump(include={"cancelled_at", "sequence"}))


def restore_session(
    db: Session, actor: Actor, meeting: CodevSessionRef, command: RestoreCodevSession
) -> CodevSessionRef:
    """Put a cancelled session back: it counts again, with its record when it has one; return its new state.

    Raises ``Forbidden("own_case")`` when the record names the actor, ``Conflict``: ``session_not_cancelled``,
    ``codev_activity_planned`` when another session of the activity took its place; before its moment,
    ``session_clashes`` when what clashes with it is not what was read.
    """
    _refuse_own_presence(db, actor, meeting)
    require_not_archived(db.get_one(Cohort, meeting.cohort_id))
    db.get_one(CodevGroup, meeting.group_id, with_for_update={"key_share": True})
    row = db.get_one(CodevSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    if row.cancelled_at is None:
        raise Conflict("session_not_cancelled")
    _refuse_planned(db, row.group_id, row.activity_code)
    if row.starts_at > now() and command.clashes_seen is not None:
        venue_id = row.venue_id
        venue = require_offered(db, row.college_id, venue_id, kept=venue_id) if venue_id is not None else None
        plan = plan_of(db, row.college_id, row.group_id, venue, row.timezone, session_id=row.id)
        require_seen(db, actor, plan, (row.starts_at, row.planned_minutes), command.clashes_seen)
    db.add(
        CodevSessionRestoration(
            **row.model_dump(include={"college_id", "cancelled_at", "cancelled_by"}),
            session_id=row.id,
            restored_at=now(),
            restored_by=actor.person_id,
            reason=command.reason,
        )
    )
    row.cancelled_at = row.cancelled_by = None
    row.sequence += 1
    db.add(row)
    db.flush()
    tell_group(db, actor, row, Kind.CODEV_RESTORED)
    return meeting.model_copy(update=row.model_dump(include={"cancelled_at", "sequence"}))


def _refuse_own_presence(db: Session, actor: Actor, meeting: CodevSessionRef) -> None:
    presence = (
        select(CodevPresence.id)
        .join(CodevRecord, col(CodevRecord.id) == CodevPresence.record_id)
        .join(CodevMembership, col(CodevMembership.id) == CodevPresence.membership_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(CodevRecord.session_id == meeting.id, Enrolment.person_id == actor.person_id)
    )
    if db.exec(presence.limit(1)).first() is not None:
        raise own_case()


def see_codev_session(db: Session, actor: Actor, session_id: int) -> CodevSessionRef:
    """Return a session of a group within the actor's reach; raise ``NotFound`` for any other."""
    within = scoped(actor, college=CodevSession.college_id, group=CodevSession.group_id)
    row = db.exec(
        select(CodevSession, CodevGroup.cohort_id, Venue)
        .join(CodevGroup, col(CodevGroup.id) == CodevSession.group_id)
        .outerjoin(Venue, col(Venue.id) == CodevSession.venue_id)
        .where(CodevSession.id == session_id, within)
    ).one_or_none()
    if row is None:
        raise NotFound
    session, cohort_id, venue = row
    return CodevSessionRef(
        **session.model_dump(include=set(CodevSessionRef.model_fields)),
        cohort_id=cohort_id,
        venue=_address(venue),
        has_link=session.meeting_link is not None,
        inside=is_inside(actor, session.group_id),
    )


def allowed_actions(
    db: Session, actor: Actor, meeting: CodevSessionRef, *permissions: Permission
) -> frozenset[Permission]:
    """Return which of these permissions the actor holds for the session: what its page may offer."""
    columns = [
        scoped(actor.using(p), college=CodevSession.college_id, group=CodevSession.group_id).label(f"allowed_{n}")
        for n, p in enumerate(permissions)
    ]
    row = db.execute(sa.select(*columns).where(col(CodevSession.id) == meeting.id)).one()
    return frozenset(p for p, is_allowed in zip(permissions, row, strict=True) if is_allowed)


def codev_session(db: Session, meeting: CodevSessionRef) -> CodevSessionShown:
    """Return a session with its roles and, once closed, presences and turns; reasons stay inside the group (S4)."""
    record = db.exec(current_record(meeting.id)).one_or_none()
    roles = db.exec(
        select(RoleAssignment).where(RoleAssignment.session_id == meeting.id).order_by(col(RoleAssignment.position))
    ).all()
    presences, turns = _load_lines(db, record)
    presence_of = {p.membership_id: p for p in presences}
    names = _names(db, meeting.group_id)
    return CodevSessionShown(
        **meeting.model_dump(),
        group=db.get_one(CodevGroup, meeting.group_id).name,
        **_link(db, meeting),
        roles=tuple(SessionRole.model_validate({**r.model_dump(), "name": names[r.membership_id]}) for r in roles),
        entries=tuple(_entry(id_, name, presence_of.get(id_)) for id_, name in roster(db, meeting, presence_of)),
        turns=tuple(_turn(t, names, inside=meeting.inside) for t in turns),
        record_id=record.id if record else None,
        held=record.held if record else None,
        closed_at=record.closed_at if record else None,
        facilitator=db.get_one(Person, record.facilitator_id).name if record else None,
    )


def _link(db: Session, meeting: CodevSessionRef) -> dict[str, Any]:
    """Return the meeting link for the group, from a day before the session, and from when the group reads it."""
    cancelled = meeting.cancelled_at is not None
    if not (meeting.has_link and meeting.inside) or cancelled:
        return {"meeting_link": None, "meeting_link_from": None}
    link = None
    if link_is_shown(meeting.starts_at, meeting.planned_minutes, now(), cancelled=cancelled):
        link = db.exec(select(CodevSession.meeting_link).where(CodevSession.id == meeting.id)).one()
    return {"meeting_link": link, "meeting_link_from": link_shown_from(meeting.starts_at)}


def _load_lines(db: Session, record: CodevRecord | None) -> tuple[Sequence[CodevPresence], Sequence[CodevTurn]]:
    if record is None:
        return (), ()
    presences = db.exec(select(CodevPresence).where(CodevPresence.record_id == record.id)).all()
    turns = select(CodevTurn).where(CodevTurn.record_id == record.id).order_by(col(CodevTurn.position))
    return presences, db.exec(turns).all()


def _names(db: Session, group_id: int) -> dict[int, str]:
    """Return the names of the present and past members of a group, by membership id."""
    statement = (
        select(CodevMembership.id, Person)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(CodevMembership.group_id == group_id)
    )
    return {id_: person.name for id_, person in db.exec(statement).all()}


def _entry(membership_id: int, name: str, presence: CodevPresence | None) -> PresenceShown:
    if presence is None:
        return PresenceShown(membership_id=membership_id, name=name, status=None, minutes=None, mode=None)
    return PresenceShown(
        membership_id=membership_id,
        name=name,
        status=presence.status,
        minutes=presence.minutes,
        mode=presence.mode,
    )


def _turn(turn: CodevTurn, names: dict[int, str], *, inside: bool) -> TurnShown:
    return TurnShown(
        position=turn.position,
        client_id=turn.client_id,
        client=names[turn.client_id],
        planned_client_id=turn.planned_client_id,
        planned_client=names[turn.planned_client_id] if turn.planned_client_id is not None else None,
        status=turn.status,
        reason=turn.reason if inside else None,
        protocol=turn.protocol,
    )


def plan_roles(db: Session, meeting: CodevSessionRef, command: RolesCommand) -> CodevSessionShown:
    """Replace the plan of roles, until the record is closed."""
    require_not_archived(db.get_one(Cohort, meeting.cohort_id))
    row = db.get_one(CodevSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    if row.cancelled_at is not None:
        raise Conflict("session_cancelled")
    if db.exec(current_record(meeting.id)).first() is not None:
        raise Conflict("codev_record_closed")
    if (action := settled_by(db, meeting.id)) is not None:
        raise Conflict("codev_live_started" if action is LiveAction.START else "codev_live_swapped")
    members = [id_ for id_, _ in roster(db, meeting)]
    plan = [Assigned(r.position, r.membership_id, r.role) for r in command.roles]
    refuse_unless(*role_reasons(plan, members), code="invalid")
    write_plan(db, meeting, plan)
    return codev_session(db, meeting)


def rotation_for(
    db: Session, meeting: CodevSessionRef, *, consultations: int = 1, passing: Collection[int] = ()
) -> list[ProposedShown]:
    """Return the clients and reserves proposed for a session, after the turns planned in those before it.

    ``passing`` holds memberships that pass, beside those who gave their turn up in this session.
    """
    names = dict(roster(db, meeting))
    tallies = turns_of(db, meeting.group_id).before(names, meeting.starts_at, meeting.id)
    passed = passing_in(db, meeting.id, plan_in(db, meeting.id))
    return [
        ProposedShown(
            position=p.position,
            client_id=p.client_id,
            client=names[p.client_id],
            reserve_id=p.reserve_id,
            reserve=names[p.reserve_id],
        )
        for p in propose(tallies, consultations, {*passing, *passed})
    ]
