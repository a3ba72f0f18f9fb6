"""Codevelopment groups and sessions: roles, presence and turns. No free text here (design.md)."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.cohorts.models import PresenceMode, PresenceStatus
from app.curricula.schema import Mode
from app.db import by_value, check, moment, moment_or_none, owned


class CodevGroup(SQLModel, table=True):
    """Four to eight peers of a cohort (BR-10); its facilitator holds the role for the group."""

    __tablename__ = "codev_group"
    __table_args__ = owned(("cohort_id", "cohort"), extra=(UniqueConstraint("cohort_id", "name"),))

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    cohort_id: int = Field(index=True)
    name: str = Field(max_length=80)
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")


class CodevMembership(SQLModel, table=True):
    """A participant's place in a group; a person is never replaced by another (brief 2.5)."""

    __tablename__ = "codev_membership"
    __table_args__ = owned(
        ("group_id", "codev_group"),
        ("enrolment_id", "enrolment"),
        extra=(
            Index("uq_codev_membership_current", "enrolment_id", unique=True, postgresql_where=text("left_on is null")),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    group_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    joined_on: date
    left_on: date | None = None


class ManagementLink(SQLModel, table=True):
    """Two participants of a college between whom one manages the other: never in one group (BR-10)."""

    __tablename__ = "management_link"
    __table_args__ = owned(extra=(UniqueConstraint("college_id", "manager_id", "member_id"),))

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    manager_id: int = Field(foreign_key="person.id")
    member_id: int = Field(foreign_key="person.id")
    declared_at: datetime = moment()
    declared_by: int = Field(foreign_key="person.id")


class CodevSession(SQLModel, table=True):
    """A planned meeting of a group for one codevelopment activity."""

    __tablename__ = "codev_session"
    __table_args__ = owned(
        ("group_id", "codev_group"), extra=(check("planned_minutes", "planned_minutes between 30 and 480"),)
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    group_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    starts_at: datetime = moment(index=True)
    planned_minutes: int
    mode: Mode = Field(sa_type=by_value(Mode))
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")
    cancelled_at: datetime | None = moment_or_none()
    cancelled_by: int | None = Field(default=None, foreign_key="person.id")


class CodevRole(StrEnum):
    """Roles around a consultation; those without one are consultants (brief 2.4)."""

    CLIENT = "client"
    RESERVE = "reserve"
    OBSERVER = "observer"
    NOTE_TAKER = "note_taker"
    DIGITAL_FACILITATOR = "digital_facilitator"


class RoleAssignment(SQLModel, table=True):
    """Who will take which role in a consultation of a coming session: a plan, replaced freely."""

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

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    position: int
    membership_id: int
    role: CodevRole = Field(sa_type=by_value(CodevRole))


class CodevRecord(SQLModel, table=True):
    """The closed record of a session: presence and turns; a correction supersedes it."""

    __tablename__ = "codev_record"
    __table_args__ = owned(
        ("session_id", "codev_session"),
        ("supersedes_id", "codev_record"),
        extra=(
            UniqueConstraint("supersedes_id"),
            Index("uq_codev_record_first", "session_id", unique=True, postgresql_where=text("supersedes_id is null")),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    held: bool
    facilitator_id: int = Field(foreign_key="person.id")
    closed_at: datetime = moment()
    closed_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None


class CodevPresence(SQLModel, table=True):
    """A member's presence, minutes on the clock with the breaks (design.md)."""

    __tablename__ = "codev_presence"
    __table_args__ = owned(
        ("record_id", "codev_record"),
        ("membership_id", "codev_membership"),
        extra=(
            UniqueConstraint("record_id", "membership_id"),
            check("minutes", "minutes >= 0"),
            check("absent_without_minutes", "(status in ('excused', 'absent')) = (minutes = 0)"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    record_id: int = Field(index=True)
    membership_id: int = Field(index=True)
    status: PresenceStatus = Field(sa_type=by_value(PresenceStatus))
    mode: PresenceMode | None = Field(default=None, sa_type=by_value(PresenceMode), nullable=True)
    minutes: int


class TurnStatus(StrEnum):
    """What became of a consultation (brief 2.12)."""

    HELD = "held"
    POSTPONED = "postponed"
    SWAPPED = "swapped"
    CANCELLED = "cancelled"


class TurnReason(StrEnum):
    """Why it was not held as planned: a category, never a detail (S4)."""

    ABSENCE = "absence"
    PASS = "pass"  # noqa: S105 - to pass one's turn
    TIME = "time"
    TECHNICAL = "technical"
    QUORUM = "quorum"


class CodevTurn(SQLModel, table=True):
    """A consultation of a record: who was the client, and whether it was held to the end."""

    __tablename__ = "codev_turn"
    __table_args__ = owned(
        ("record_id", "codev_record"),
        ("client_id", "codev_membership"),
        ("planned_client_id", "codev_membership"),
        extra=(
            UniqueConstraint("record_id", "position"),
            check("swapped_from_another", "status <> 'swapped' or planned_client_id <> client_id"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    record_id: int = Field(index=True)
    position: int
    client_id: int
    planned_client_id: int | None = None
    status: TurnStatus = Field(sa_type=by_value(TurnStatus))
    reason: TurnReason | None = Field(default=None, sa_type=by_value(TurnReason), nullable=True)
