"""Attendance's facts for progress: sessions attended and catch-ups."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.attendance.calendar.models import ScheduledSession
from app.attendance.catch_ups.models import CatchUp
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.messages.i18n import local
from app.progress.facts import Attended, CatchUpAssigned
from app.progress.service import FactQuery, FactSource, named_enrolments, of_enrolments

_ATTENDANCE = (
    sa.select(
        col(RollCallEntry.enrolment_id),
        col(ScheduledSession.id),
        col(ScheduledSession.activity_code),
        col(ScheduledSession.starts_at),
        col(ScheduledSession.timezone),
        col(ScheduledSession.planned_minutes),
        col(RollCallEntry.minutes),
    )
    .join(RollCall, col(RollCall.id) == RollCallEntry.roll_call_id)
    .join(ScheduledSession, col(ScheduledSession.id) == RollCall.session_id)
    .where(
        of_enrolments(RollCallEntry.enrolment_id),
        not_superseded(RollCall),
        col(ScheduledSession.cancelled_at).is_(None),
    )
)


def _attended(*values: Any) -> Attended:  # noqa: ANN401 - the columns of the statement
    session_id, code, starts_at, zone, planned, minutes = values
    return Attended(session_id, code, local(starts_at, zone).date(), planned, minutes)


_CATCH_UPS = sa.select(
    col(CatchUp.enrolment_id), col(CatchUp.activity_code), col(CatchUp.minutes), col(CatchUp.done_on)
).where(of_enrolments(CatchUp.enrolment_id), not_superseded(CatchUp), col(CatchUp.waived_because).is_(None))


def _enrolments_of_sessions(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    statement = (
        select(RollCallEntry.enrolment_id)
        .join(RollCall, col(RollCall.id) == RollCallEntry.roll_call_id)
        .where(col(RollCall.session_id).in_([row.id for row in rows]))
    )
    return db.exec(statement).all()


def _enrolments_of_roll_calls(db: Session, rows: Sequence[Any]) -> Iterable[int]:
    ids = [i for row in rows for i in (row.id, row.supersedes_id) if i is not None]
    return db.exec(select(RollCallEntry.enrolment_id).where(col(RollCallEntry.roll_call_id).in_(ids))).all()


ATTENDANCE = FactSource(
    affects={
        RollCallEntry: named_enrolments,
        RollCall: _enrolments_of_roll_calls,
        ScheduledSession: _enrolments_of_sessions,
    },
    queries=(FactQuery(_ATTENDANCE, _attended),),
)
CATCH_UPS = FactSource(
    affects={CatchUp: named_enrolments},
    queries=(FactQuery(_CATCH_UPS, CatchUpAssigned),),
)
FACTS = (ATTENDANCE, CATCH_UPS)
