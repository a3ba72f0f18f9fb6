"""Tables of roll calls and their entries, append-only: a correction is a new roll call that supersedes."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned


class RollCall(Row, table=True):
    """A closed roll call of a session; a correction is a new one that supersedes it."""

    __tablename__ = "roll_call"
    __table_args__ = owned(
        ("session_id", "scheduled_session"),
        ("supersedes_id", "roll_call"),
        extra=(
            UniqueConstraint("supersedes_id"),
            Index("uq_roll_call_first", "session_id", unique=True, postgresql_where=text("supersedes_id is null")),
        ),
    )

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    closed_at: datetime = moment()
    closed_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
    reason: str | None = Field(default=None, max_length=500)


class RollCallEntry(Row, table=True):
    """One person's presence at a roll call, in minutes; a partial one may have its hours of arrival and departure."""

    __tablename__ = "roll_call_entry"
    __table_args__ = owned(
        ("roll_call_id", "roll_call"),
        ("enrolment_id", "enrolment"),
        extra=(
            UniqueConstraint("roll_call_id", "enrolment_id"),
            check("minutes", "minutes >= 0"),
            check("absent_without_minutes", "(status in ('excused', 'absent')) = (minutes = 0)"),
            check("partial_hours", "(arrived_at is null and left_at is null) or status in ('late', 'left_early')"),
            check("left_after_arriving", "left_at > arrived_at"),
        ),
    )

    college_id: int = Field(index=True)
    roll_call_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    status: PresenceStatus = Field(sa_type=by_value(PresenceStatus))
    mode: PresenceMode | None = Field(default=None, sa_type=by_value(PresenceMode), nullable=True)
    minutes: int
    arrived_at: datetime | None = moment_or_none()
    left_at: datetime | None = moment_or_none()
