"""The table of a cohort's scheduled sessions."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from app.curricula.enums import Mode
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.platform.database.uniqueness import refused_as


class ScheduledSession(Row, table=True):
    """A session of the cohort for one group activity; a cancelled one leaves the attendance base (BR-08).

    A trigger holds ``venue_id`` to a venue of the college or of the network: a foreign key cannot say "or".
    ``timezone`` is that of its venue, else of its cohort (BR-30). ``meeting_link`` leaves the table for who takes part
    alone, and only around the session (``links.py``).
    ``sequence`` rises whenever people must be told: it was moved or changed, cancelled, put back.
    ``repeated``: the same one stands beside it since before the database refused that, and the rolls of both were
    called, so that neither could be cancelled without changing someone's attendance.
    """

    __tablename__ = "scheduled_session"
    __table_args__ = owned(
        ("cohort_id", "cohort"),
        extra=(
            Index(
                "uq_scheduled_session_once",
                "cohort_id",
                "activity_code",
                "starts_at",
                unique=True,
                postgresql_where=text("cancelled_at is null and not repeated"),
                info=refused_as("session_planned", "starts_at"),
            ),
            check("planned_minutes", "planned_minutes between 15 and 720"),
        ),
    )

    college_id: int = Field(index=True)
    cohort_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    starts_at: datetime = moment(index=True)
    planned_minutes: int
    mode: Mode = Field(sa_type=by_value(Mode))
    place: str = Field(default="", max_length=200)
    venue_id: int | None = Field(default=None, index=True)
    meeting_link: str | None = Field(default=None, max_length=500)
    timezone: str = Field(default="America/Toronto", max_length=40)
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")
    cancelled_at: datetime | None = moment_or_none()
    cancelled_by: int | None = Field(default=None, foreign_key="person.id")
    cancel_reason: str | None = Field(default=None, max_length=500)
    repeated: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    sequence: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class SessionChange(Row, table=True):
    """What a session was before it was moved or changed, who changed it and why; the session has what it became."""

    __tablename__ = "session_change"
    __table_args__ = owned(("session_id", "scheduled_session"))

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    changed_at: datetime = moment()
    changed_by: int = Field(foreign_key="person.id")
    reason: str = Field(max_length=500)
    starts_at: datetime = moment()
    planned_minutes: int
    mode: Mode = Field(sa_type=by_value(Mode))
    place: str = Field(max_length=200)
    venue_id: int | None = Field(default=None, index=True)
    timezone: str = Field(max_length=40)


class SessionRestoration(Row, table=True):
    """A cancelled session put back in the calendar: who cancelled it and why, who restored it and why."""

    __tablename__ = "session_restoration"
    __table_args__ = owned(("session_id", "scheduled_session"))

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    cancelled_at: datetime = moment()
    cancelled_by: int | None = Field(default=None, foreign_key="person.id")
    cancel_reason: str | None = Field(default=None, max_length=500)
    restored_at: datetime = moment()
    restored_by: int = Field(foreign_key="person.id")
    reason: str = Field(max_length=500)
