"""The closed records of sessions: closing and correcting them, what they tell rotation and progress."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Subquery, func
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.access import Actor
from app.codev.models import (
    CodevGroup,
    CodevMembership,
    CodevPresence,
    CodevRecord,
    CodevRole,
    CodevSession,
    CodevTurn,
    RoleAssignment,
)
from app.codev.rules import HELD, PastTurn
from app.codev.rules_record import Presence, Turn, entry_reasons, is_held, settled, turn_reasons
from app.codev.schemas import CodevSessionRef, RecordCommand
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import FOLLOWING, has_begun
from app.db import Session, now, standing
from app.errors import Conflict, Reason, refuse_unless
from app.people.models import Person
from app.progress.facts import CodevAttended, CodevClient, Fact
from app.progress.service import FactSource, Ids, among
from app.text import local

# Reading ----------------------------------------------------------------------------------------


def current_records() -> Subquery:
    """``id, session_id, held`` of the records that none supersedes, of sessions that were not cancelled."""
    return (
        columns(col(CodevRecord.id), col(CodevRecord.session_id), col(CodevRecord.held))
        .join(CodevSession, col(CodevSession.id) == CodevRecord.session_id)
        .where(standing(CodevRecord), col(CodevSession.cancelled_at).is_(None))
        .subquery()
    )


def current(session_id: int) -> SelectOfScalar[CodevRecord]:
    """The record of a session that none supersedes, cancelled or not."""
    return select(CodevRecord).where(CodevRecord.session_id == session_id, standing(CodevRecord))


def roster(session: Session, meeting: CodevSessionRef, recorded: Iterable[int] = ()) -> list[tuple[int, str]]:
    """``(membership id, name)`` of those of the group who follow the cohort that day, and whoever was recorded."""
    day = local(meeting.starts_at, meeting.timezone).date()
    left_on = col(CodevMembership.left_on)
    there = (col(CodevMembership.joined_on) <= day) & (left_on.is_(None) | (left_on > day))
    following = there & col(Enrolment.state).in_(FOLLOWING)
    statement = (
        select(CodevMembership.id, Person)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(CodevMembership.group_id == meeting.group_id, following | col(CodevMembership.id).in_(list(recorded)))
        .order_by(Person.search_key)
    )
    return [(id_ or 0, person.name) for id_, person in session.exec(statement).all()]


def history(session: Session, group_id: int, zone: str) -> list[PastTurn]:
    """Consultations of a group in order of time, as its records stand."""
    records = current_records()
    owed = func.coalesce(col(CodevTurn.planned_client_id), col(CodevTurn.client_id))
    statement = (
        columns(
            col(CodevSession.starts_at), col(CodevTurn.client_id), col(CodevTurn.planned_client_id),
            col(CodevTurn.status), col(CodevTurn.reason), col(CodevPresence.status),
        )
        .join(records, records.c.session_id == CodevSession.id)
        .join(CodevTurn, col(CodevTurn.record_id) == records.c.id)
        .outerjoin(
            CodevPresence,
            (col(CodevPresence.record_id) == records.c.id) & (col(CodevPresence.membership_id) == owed),
        )
        .where(col(CodevSession.group_id) == group_id)
        .order_by(col(CodevSession.starts_at), col(CodevSession.id), col(CodevTurn.position))
    )  # fmt: skip
    return [
        PastTurn(local(at, zone).date(), client, planned, status, reason, excused=presence == "excused")
        for at, client, planned, status, reason, presence in session.execute(statement)
    ]


def attended(session: Session, group_id: int) -> dict[int, int]:
    """How many held sessions each membership of a group took part in."""
    records = current_records()
    statement = (
        columns(col(CodevPresence.membership_id), func.count())
        .join(records, records.c.id == CodevPresence.record_id)
        .join(CodevSession, col(CodevSession.id) == records.c.session_id)
        .where(records.c.held, col(CodevPresence.minutes) > 0, col(CodevSession.group_id) == group_id)
        .group_by(col(CodevPresence.membership_id))
    )
    return {membership_id: n for membership_id, n in session.execute(statement)}  # noqa: C416 - rows are no pairs to mypy


def planned_clients(session: Session, meeting: CodevSessionRef) -> dict[int, int]:
    """The planned client's membership, by position."""
    statement = select(RoleAssignment.position, RoleAssignment.membership_id).where(
        RoleAssignment.session_id == meeting.id, RoleAssignment.role == CodevRole.CLIENT
    )
    return dict(session.exec(statement).all())


# Closing ----------------------------------------------------------------------------------------


def close_record(session: Session, actor: Actor, meeting: CodevSessionRef, command: RecordCommand) -> int:
    """Close a session's record, or correct the one in force; its id. Everything or nothing."""
    row = session.get_one(CodevSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    before = session.exec(current(meeting.id)).one_or_none()
    if row.cancelled_at is not None:
        raise Conflict("session_cancelled")
    if not has_begun(meeting.starts_at, now()):
        raise Conflict("session_not_begun")
    if command.supersedes != (before.id if before else None):
        raise Conflict("stale", Reason("codev_record_stale", field="supersedes"))
    planned = planned_clients(session, meeting)
    entries = [Presence(e.membership_id, e.status, e.minutes) for e in command.entries]
    turns = [settled(Turn(t.position, t.client_id, t.status, t.reason), planned) for t in command.turns]
    members = [id_ for id_, _ in roster(session, meeting, _recorded(session, before))]
    refuse_unless(
        *entry_reasons(entries, members, meeting.planned_minutes),
        *turn_reasons(turns, entries, roster=members, planned=planned, facilitator_present=command.facilitator_present),
        code="invalid",
    )
    record = CodevRecord(
        college_id=meeting.college_id,
        session_id=meeting.id,
        held=is_held(entries, turns, facilitator_present=command.facilitator_present),
        facilitator_id=before.facilitator_id if before else actor.person_id,
        closed_at=now(),
        closed_by=actor.person_id,
        supersedes_id=command.supersedes,
    )
    session.add(record)
    session.flush()
    _write_lines(session, record, command, turns, planned)
    return record.id or 0


def _recorded(session: Session, record: CodevRecord | None) -> Sequence[int]:
    if record is None:
        return ()
    return session.exec(select(CodevPresence.membership_id).where(CodevPresence.record_id == record.id)).all()


def _write_lines(
    session: Session, record: CodevRecord, command: RecordCommand, turns: Sequence[Turn], planned: dict[int, int]
) -> None:
    session.add_all(
        CodevPresence(college_id=record.college_id, record_id=record.id or 0, **entry.model_dump())
        for entry in command.entries
    )
    session.add_all(
        CodevTurn(
            college_id=record.college_id,
            record_id=record.id or 0,
            position=turn.position,
            client_id=turn.client_id,
            planned_client_id=planned.get(turn.position),
            status=turn.status,
            reason=turn.reason,
        )
        for turn in turns
    )
    session.flush()


# Facts ------------------------------------------------------------------------------------------


_HELD_RECORDS = current_records()
_PLACE = (
    columns(_HELD_RECORDS.c.id, col(CodevSession.id).label("session_id"), col(CodevSession.activity_code),
            col(CodevSession.starts_at), col(CodevSession.planned_minutes), col(Cohort.timezone))
    .join(CodevSession, col(CodevSession.id) == _HELD_RECORDS.c.session_id)
    .join(CodevGroup, col(CodevGroup.id) == CodevSession.group_id)
    .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
    .where(_HELD_RECORDS.c.held)
    .subquery()
)  # fmt: skip
_PRESENCES = (
    columns(col(CodevMembership.enrolment_id), col(CodevPresence.minutes), _PLACE)
    .join(CodevPresence, col(CodevPresence.membership_id) == CodevMembership.id)
    .join(_PLACE, _PLACE.c.id == CodevPresence.record_id)
    .where(among(CodevMembership.enrolment_id))
)
_TURNS = (
    columns(col(CodevMembership.enrolment_id), col(CodevTurn.position), _PLACE)
    .join(CodevTurn, col(CodevTurn.client_id) == CodevMembership.id)
    .join(_PLACE, _PLACE.c.id == CodevTurn.record_id)
    .where(among(CodevMembership.enrolment_id), col(CodevTurn.status).in_(HELD))
)


def _load(session: Session, ids: Ids) -> Iterable[tuple[int, Fact]]:
    for row in session.execute(_PRESENCES, {"ids": ids}):
        on = local(row.starts_at, row.timezone).date()
        fact = CodevAttended(row.session_id, row.activity_code, on, row.planned_minutes, row.minutes)
        yield row.enrolment_id, fact
    for row in session.execute(_TURNS, {"ids": ids}):
        yield row.enrolment_id, CodevClient(row.session_id, row.position, local(row.starts_at, row.timezone).date())


def _of_records(session: Session, record_ids: Iterable[int | None]) -> Sequence[int]:
    """Enrolments named in records."""
    statement = (
        select(CodevMembership.enrolment_id)
        .join(CodevPresence, col(CodevPresence.membership_id) == CodevMembership.id)
        .where(col(CodevPresence.record_id).in_([i for i in record_ids if i is not None]))
    )
    return session.exec(statement).all()


def _of_lines(session: Session, rows: Sequence[Any]) -> Iterable[int]:
    return _of_records(session, {row.record_id for row in rows})


def _of_corrections(session: Session, rows: Sequence[Any]) -> Iterable[int]:
    return _of_records(session, (i for row in rows for i in (row.id, row.supersedes_id)))


def _of_sessions(session: Session, rows: Sequence[Any]) -> Iterable[int]:
    ids = session.exec(select(CodevRecord.id).where(col(CodevRecord.session_id).in_([row.id for row in rows]))).all()
    return _of_records(session, ids)


FACTS = (
    FactSource(
        touched={
            CodevPresence: _of_lines,
            CodevTurn: _of_lines,
            CodevRecord: _of_corrections,
            CodevSession: _of_sessions,
        },
        load=_load,
    ),
)
