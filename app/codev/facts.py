"""The facts that codevelopment gives to progress: attendance and turns as client."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.codev.groups.models import CodevMembership
from app.codev.records.models import CodevPresence, CodevRecord, CodevTurn
from app.codev.records.service import current_records
from app.codev.sessions.models import CodevSession
from app.codev.sessions.rules import HELD
from app.platform.database.session import Session
from app.platform.messages.i18n import local
from app.progress.facts import CodevAttended, CodevClient
from app.progress.service import FactQuery, FactSource, of_enrolments

_CURRENT_RECORDS = current_records()
_HELD_SESSIONS = (
    sa.select(_CURRENT_RECORDS.c.id, col(CodevSession.id).label("session_id"), col(CodevSession.activity_code),
            col(CodevSession.starts_at), col(CodevSession.planned_minutes), col(CodevSession.timezone))
    .join(CodevSession, col(CodevSession.id) == _CURRENT_RECORDS.c.session_id)
    .where(_CURRENT_RECORDS.c.held)
    .subquery()
)  # fmt: skip
_PRESENCES = (
    sa.select(
        col(CodevMembership.enrolment_id), _HELD_SESSIONS.c.session_id, _HELD_SESSIONS.c.activity_code,
        _HELD_SESSIONS.c.starts_at, _HELD_SESSIONS.c.timezone, _HELD_SESSIONS.c.planned_minutes,
        col(CodevPresence.minutes),
    )
    .join(CodevPresence, col(CodevPresence.membership_id) == CodevMembership.id)
    .join(_HELD_SESSIONS, _HELD_SESSIONS.c.id == CodevPresence.record_id)
    .where(of_enrolments(CodevMembership.enrolment_id))
)  # fmt: skip
_TURNS = (
    sa.select(
        col(CodevMembership.enrolment_id), _HELD_SESSIONS.c.session_id, col(CodevTurn.position),
        _HELD_SESSIONS.c.starts_at, _HELD_SESSIONS.c.timezone,
    )
    .join(CodevTurn, col(CodevTurn.client_id) == CodevMembership.id)
    .join(_HELD_SESSIONS, _HELD_SESSIONS.c.id == CodevTurn.record_id)
    .where(of_enrolments(CodevMembership.enrolment_id), col(CodevTurn.status).in_(HELD))
)  # fmt: skip


def _attended(*values: Any) -> CodevAttended:  # noqa: ANN401 - the columns of the statement
    session_id, code, starts_at, zone, planned, minutes = values
    return CodevAttended(session_id, code, local(starts_at, zone).date(), planned, minutes)


def _client(session_id: int, position: int, starts_at: datetime, zone: str) -> CodevClient:
    return CodevClient(session_id, position, local(starts_at, zone).date())


def _enrolments_of(db: Session, record_ids: Iterable[int | None]) -> Sequence[int]:
    """Return the enrolments named in records."""
    statement = (
        select(CodevMembership.enrolment_id)
        .join(CodevPresence, col(CodevPresence.membership_id) == CodevMembership.id)
        .where(col(CodevPresence.record_id).in_([i for i in record_ids if i is not None]))
    )
    return db.exec(statement).all()


def _affected_by_lines(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    return _enrolments_of(db, {row.record_id for row in rows})


def _affected_by_records(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    return _enrolments_of(db, (i for row in rows for i in (row.id, row.supersedes_id)))


def _affected_by_sessions(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    ids = db.exec(select(CodevRecord.id).where(col(CodevRecord.session_id).in_([row.id for row in rows]))).all()
    return _enrolments_of(db, ids)


FACTS = (
    FactSource(
        affects={
            CodevPresence: _affected_by_lines,
            CodevTurn: _affected_by_lines,
            CodevRecord: _affected_by_records,
            CodevSession: _affected_by_sessions,
        },
        queries=(FactQuery(_PRESENCES, _attended), FactQuery(_TURNS, _client)),
    ),
)
