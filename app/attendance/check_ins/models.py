"""Tables of self check-in: when it was open for a session, and who checked in; neither is a roll call."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.attendance.roll_calls.enums import PresenceMode
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned


class CheckInOpening(Row, table=True):
    """The time during which people check in to a session; its codes come from its id and the key of ``key_version``.

    Who arrives up to ``grace_minutes`` after the start is not late.
    """

    __tablename__ = "check_in_opening"
    __table_args__ = owned(
        ("session_id", "scheduled_session"),
        extra=(
            Index(
                "uq_check_in_opening_one_open",
                "session_id",
                unique=True,
                postgresql_where=text("closed_at is null"),
            ),
            check("grace_minutes", "grace_minutes between 0 and 60"),
            check("closed", "(closed_at is null) = (closed_by is null)"),
        ),
    )

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    opened_at: datetime = moment()
    opened_by: int = Field(foreign_key="person.id")
    grace_minutes: int
    key_version: int
    closed_at: datetime | None = moment_or_none()
    closed_by: int | None = Field(default=None, foreign_key="person.id")


class CheckIn(Row, table=True):
    """A person's own check-in to a session: what they did, which whoever calls the roll confirms or not.

    One a session counts, the first in its time; of a session that is moved, those at its former time no longer do.
    """

    __tablename__ = "check_in"
    __table_args__ = owned(
        ("opening_id", "check_in_opening"),
        ("session_id", "scheduled_session"),
        ("enrolment_id", "enrolment"),
        extra=(UniqueConstraint("opening_id", "enrolment_id"),),
    )

    college_id: int = Field(index=True)
    opening_id: int = Field(index=True)
    session_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    checked_in_at: datetime = moment()
    mode: PresenceMode = Field(sa_type=by_value(PresenceMode))
