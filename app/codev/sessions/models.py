"""Tables of sessions and planned roles. No free text (BR-11)."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.codev.sessions.enums import CodevRole, MoveReason, UndoReason
from app.curricula.enums import Mode
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned


class CodevSession(Row, table=True):
    """A planned meeting of a group for one codevelopment activity.

    ``timezone`` is that of its venue, else of its cohort (BR-30); ``meeting_link`` is for the group alone.
    ``sequence`` rises when it is moved or changed, cancelled or put back.
    """

    __tablename__ = "codev_session"
    __table_args__ = owned(
        ("group_id", "codev_group"), extra=(check("planned_minutes", "planned_minutes between 30 and 480"),)
    )

    college_id: int = Field(index=True)
    group_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    starts_at: datetime = moment(index=True)
    planned_minutes: int
    mode: Mode = Field(sa_type=by_value(Mode))
    venue_id: int | None = Field(default=None, index=True)
    meeting_link: str | None = Field(default=None, max_length=500)
    timezone: str = Field(default="America/Toronto", max_length=40)
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")
    cancelled_at: datetime | None = moment_or_none()
    cancelled_by: int | None = Field(default=None, foreign_key="person.id")
    sequence: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class RoleAssignment(Row, table=True):
    """A member's planned role in a consultation of a session to come; a new plan replaces the one before."""

    __tablename__ = "role_assignment"
    __table_args__ = owned(
        ("session_id", "codev_session"),
        ("membership_id", "codev_membership"),
        extra=(
            UniqueConstraint("session_id", "position", "membership_id"),
            Index(
                "uq_role_assignment_one_client",
                "session_id",
                "position",
                unique=True,
                postgresql_where=text("role = 'client'"),
            ),
            check("position", "position between 1 and 4"),
        ),
    )

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    position: int
    membership_id: int
    role: CodevRole = Field(sa_type=by_value(CodevRole))


class CodevSessionChange(Row, table=True):
    """What a session was before it was moved or changed, who changed it and for which kind of reason (BR-11)."""

    __tablename__ = "codev_session_change"
    __table_args__ = owned(("session_id", "codev_session"))

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    changed_at: datetime = moment()
    changed_by: int = Field(foreign_key="person.id")
    reason: MoveReason = Field(sa_type=by_value(MoveReason))
    starts_at: datetime = moment()
    planned_minutes: int
    mode: Mode = Field(sa_type=by_value(Mode))
    venue_id: int | None = Field(default=None, index=True)
    timezone: str = Field(max_length=40)


class CodevSessionRestoration(Row, table=True):
    """A cancelled session put back: who cancelled it, who restored it, and for which kind of reason (BR-11)."""

    __tablename__ = "codev_session_restoration"
    __table_args__ = owned(("session_id", "codev_session"))

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    cancelled_at: datetime = moment()
    cancelled_by: int | None = Field(default=None, foreign_key="person.id")
    restored_at: datetime = moment()
    restored_by: int = Field(foreign_key="person.id")
    reason: UndoReason = Field(sa_type=by_value(UndoReason))
