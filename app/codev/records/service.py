"""Records of sessions: closing and correcting them, and the history of turns that rotation reads."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Subquery, func
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.attendance.calendar.rules import has_begun
from app.codev.confirmations.notices import tell_reviewed
from app.codev.contracts.rules import presence_reasons
from app.codev.contracts.service import who_agreed
from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.records.models import CodevPresence, CodevRecord, CodevTurn
from app.codev.records.rules import Presence, Turn, entry_reasons, is_held, mark_swapped, turn_reasons
from app.codev.records.schemas import RecordCommand, SessionToRecord
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import CodevSession, RoleAssignment
from app.codev.sessions.rules import PastTurn
from app.codev.sessions.schemas import CodevSessionRef
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import FOLLOWING
from app.cohorts.service import require_not_archived
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Reason, refuse_unless
from app.platform.messages.i18n import local
from app.platform.security.actor import Actor, scoped


def current_records() -> Subquery:
    """Return ``id, session_id, held`` of the records in force of sessions that were not cancelled."""
    return (
        sa.select(col(CodevRecord.id), col(CodevRecord.session_id), col(CodevRecord.held))
        .join(CodevSession, col(CodevSession.id) == CodevRecord.session_id)
        .where(not_superseded(CodevRecord), col(CodevSession.cancelled_at).is_(None))
        .subquery()
    )


def current_record(session_id: int) -> SelectOfScalar[CodevRecord]:
    """Return the query of the record in force of a session, cancelled or not."""
    return select(CodevRecord).where(CodevRecord.session_id == session_id, not_superseded(CodevRecord))


def sessions_to_record(db: Session, actor: Actor, limit: int) -> list[SessionToRecord]:
    """Return the oldest sessions within reach that have begun and have no record, but those of archived cohorts."""
    recorded = sa.exists().where(col(CodevRecord.session_id) == CodevSession.id)
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            col(CodevSession.id),
            col(CodevGroup.name).label("group"),
            col(CodevSession.starts_at),
            col(CodevSession.timezone),
        )
        .join(CodevGroup, col(CodevGroup.id) == CodevSession.group_id)
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .where(
            scoped(actor, college=CodevSession.college_id, group=CodevSession.group_id),
            col(Cohort.state) != CohortState.ARCHIVED,
            col(CodevSession.cancelled_at).is_(None),
            col(CodevSession.starts_at) <= now(),
            ~recorded,
        )
        .order_by(col(CodevSession.starts_at), col(CodevSession.id))
        .limit(limit)
    )
    return [SessionToRecord.model_validate(row) for row in db.execute(statement)]


def roster(db: Session, meeting: CodevSessionRef, recorded: Iterable[int] = ()) -> list[tuple[int, str]]:
    """Return ``(membership id, name)`` of the members who follow the cohort that day, and of those recorded."""
    day = local(meeting.starts_at, meeting.timezone).date()
    left_on = col(CodevMembership.left_on)
    is_member = (col(CodevMembership.joined_on) <= day) & (left_on.is_(None) | (left_on > day))
    is_following = is_member & col(Enrolment.state).in_(FOLLOWING)
    statement = (
        select(CodevMembership.id, Person)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(CodevMembership.group_id == meeting.group_id, is_following | col(CodevMembership.id).in_(list(recorded)))
        .order_by(Person.search_key)
    )
    return [(id_, person.name) for id_, person in db.exec(statement).all()]


def history(db: Session, group_id: int) -> list[PastTurn]:
    """Return the consultations of a group in order of time, from its records in force."""
    records = current_records()
    planned_id = func.coalesce(col(CodevTurn.planned_client_id), col(CodevTurn.client_id))
    statement = (
        sa.select(
            col(CodevSession.starts_at), col(CodevSession.timezone), col(CodevTurn.client_id),
            col(CodevTurn.planned_client_id),
            col(CodevTurn.status), col(CodevTurn.reason), col(CodevPresence.status),
        )
        .join(records, records.c.session_id == CodevSession.id)
        .join(CodevTurn, col(CodevTurn.record_id) == records.c.id)
        .outerjoin(
            CodevPresence,
            (col(CodevPresence.record_id) == records.c.id) & (col(CodevPresence.membership_id) == planned_id),
        )
        .where(col(CodevSession.group_id) == group_id)
        .order_by(col(CodevSession.starts_at), col(CodevSession.id), col(CodevTurn.position))
    )  # fmt: skip
    return [
        PastTurn(local(at, zone).date(), client, planned, status, reason, excused=presence == "excused")
        for at, zone, client, planned, status, reason, presence in db.execute(statement)
    ]


def sessions_attended(db: Session, group_id: int) -> dict[int, int]:
    """Return the number of held sessions that each membership of a group attended."""
    records = current_records()
    statement = (
        sa.select(col(CodevPresence.membership_id), func.count())
        .join(records, records.c.id == CodevPresence.record_id)
        .join(CodevSession, col(CodevSession.id) == records.c.session_id)
        .where(records.c.held, col(CodevPresence.minutes) > 0, col(CodevSession.group_id) == group_id)
        .group_by(col(CodevPresence.membership_id))
    )
    return {membership_id: n for membership_id, n in db.execute(statement)}  # noqa: C416 - rows are no pairs to mypy


def planned_clients(db: Session, meeting: CodevSessionRef) -> dict[int, int]:
    """Return the planned client's membership id, by position."""
    statement = select(RoleAssignment.position, RoleAssignment.membership_id).where(
        RoleAssignment.session_id == meeting.id, RoleAssignment.role == CodevRole.CLIENT
    )
    return dict(db.exec(statement).all())


def close_record(db: Session, actor: Actor, meeting: CodevSessionRef, command: RecordCommand) -> int:
    """Close a session's record, or correct the one in force, which those concerned are told; return its id."""
    require_not_archived(db.get_one(Cohort, meeting.cohort_id))
    row = db.get_one(CodevSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    superseded = db.exec(current_record(meeting.id)).one_or_none()
    if row.cancelled_at is not None:
        raise Conflict("session_cancelled")
    if not has_begun(meeting.starts_at, now()):
        raise Conflict("session_not_begun")
    if command.supersedes != (superseded.id if superseded else None):
        raise Conflict("stale", Reason("codev_record_stale", field="supersedes"))
    planned = planned_clients(db, meeting)
    entries = [Presence(e.membership_id, e.status, e.minutes) for e in command.entries]
    turns = [mark_swapped(Turn(t.position, t.client_id, t.status, t.reason), planned) for t in command.turns]
    recorded = _recorded_memberships(db, superseded)
    members = [id_ for id_, _ in roster(db, meeting, recorded)]
    without, agreed = who_agreed(db, meeting.group_id, members)
    refuse_unless(
        *entry_reasons(entries, members, meeting.planned_minutes),
        *turn_reasons(turns, entries, roster=members, planned=planned, facilitator_present=command.facilitator_present),
        *presence_reasons(entries, without - set(recorded), facilitator_agrees=actor.person_id in agreed),
        code="invalid",
    )
    record = CodevRecord(
        college_id=meeting.college_id,
        session_id=meeting.id,
        held=is_held(entries, turns, facilitator_present=command.facilitator_present),
        facilitator_id=superseded.facilitator_id if superseded else actor.person_id,
        closed_at=now(),
        closed_by=actor.person_id,
        supersedes_id=command.supersedes,
    )
    db.add(record)
    db.flush()
    _write_lines(db, record, command, turns, planned)
    if superseded is not None:
        tell_reviewed(db, meeting, superseded, record)
    return record.id


def _recorded_memberships(db: Session, record: CodevRecord | None) -> Sequence[int]:
    if record is None:
        return ()
    return db.exec(select(CodevPresence.membership_id).where(CodevPresence.record_id == record.id)).all()


def _write_lines(
    db: Session, record: CodevRecord, command: RecordCommand, turns: Sequence[Turn], planned: dict[int, int]
) -> None:
    db.add_all(
        CodevPresence(college_id=record.college_id, record_id=record.id, **entry.model_dump())
        for entry in command.entries
    )
    db.add_all(
        CodevTurn(
            college_id=record.college_id,
            record_id=record.id,
            position=turn.position,
            client_id=turn.client_id,
            planned_client_id=planned.get(turn.position),
            status=turn.status,
            reason=turn.reason,
            protocol=told.protocol,
        )
        for turn, told in zip(turns, command.turns, strict=True)
    )
    db.flush()
