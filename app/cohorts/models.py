"""Cohorts, who follows them, and their calendar with roll calls.

Facts (moves, roll calls, catch-ups) are append-only: a correction is a new row that supersedes.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.curricula.schema import Mode
from app.db import by_value, check, moment, moment_or_none, owned


class Phase(StrEnum):
    """Which phase of the deployment a cohort belongs to."""

    PROTOTYPE = "prototype"
    DEPLOYMENT = "deployment"


class Cohort(SQLModel, table=True):
    """A group that follows one published version of a path, in one college (BR-01)."""

    __table_args__ = owned(
        extra=(
            ForeignKeyConstraint(
                ["curriculum_slug", "curriculum_version"],
                ["published_curriculum.slug", "published_curriculum.version"],
            ),
            UniqueConstraint("college_id", "code"),
            check("period", "ends_on > starts_on"),
            check("capacity", "capacity between 1 and 200"),
            check("late_join_pct", "late_join_pct between 0 and 100"),
        )
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    region_code: str = Field(foreign_key="region.code", index=True)
    phase: Phase = Field(sa_type=by_value(Phase))
    code: str = Field(max_length=40)
    title: str = Field(max_length=200)
    curriculum_slug: str = Field(max_length=60)
    curriculum_version: str = Field(max_length=20)
    starts_on: date
    ends_on: date
    capacity: int
    place: str = Field(max_length=200)
    timezone: str = Field(default="America/Toronto", max_length=40)
    late_join_pct: int = 25
    grace_hours: int = 48
    applications_open: bool = True
    created_at: datetime = moment()
    created_by: int | None = Field(default=None, foreign_key="person.id")


class EnrolmentState(StrEnum):
    """BR-04."""

    APPLIED = "applied"
    ADMITTED = "admitted"
    ACTIVE = "active"
    COMPLETED = "completed"
    REFUSED = "refused"
    ON_LEAVE = "on_leave"
    INCOMPLETE = "incomplete"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"
    FAILED = "failed"


class Enrolment(SQLModel, table=True):
    """One person in one cohort, from application to its end; the state changes only through a move."""

    __table_args__ = owned(
        ("cohort_id", "cohort"),
        extra=(
            UniqueConstraint("cohort_id", "person_id"),
            Index(
                "uq_enrolment_one_active_per_path",
                "person_id",
                "curriculum_slug",
                unique=True,
                postgresql_where=text("state in ('admitted', 'active', 'on_leave')"),
            ),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    cohort_id: int = Field(index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    curriculum_slug: str = Field(max_length=60)
    curriculum_version: str = Field(max_length=20)
    state: EnrolmentState = Field(sa_type=by_value(EnrolmentState), index=True)
    joined_on: date | None = None
    employer: str | None = Field(default=None, max_length=200)


class Application(SQLModel, table=True):
    """What someone declared when they applied."""

    __table_args__ = owned(("enrolment_id", "enrolment"), extra=(UniqueConstraint("enrolment_id"),))

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    enrolment_id: int
    motive: str = Field(max_length=4000)
    employer: str | None = Field(default=None, max_length=200)
    employer_agrees: bool = False
    received_at: datetime = moment()


class EnrolmentMove(SQLModel, table=True):
    """A change of state: who, when, why (BR-04)."""

    __tablename__ = "enrolment_move"
    __table_args__ = owned(("enrolment_id", "enrolment"))

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    from_state: EnrolmentState | None = Field(
        default=None, sa_type=by_value(EnrolmentState, "from_state"), nullable=True
    )
    to_state: EnrolmentState = Field(sa_type=by_value(EnrolmentState))
    moved_at: datetime = moment()
    moved_by: int = Field(foreign_key="person.id")
    reason: str | None = Field(default=None, max_length=1000)


class ScheduledSession(SQLModel, table=True):
    """A meeting of the cohort for one group activity; ``cancelled_at`` takes it out of the base (BR-08)."""

    __tablename__ = "scheduled_session"
    __table_args__ = owned(
        ("cohort_id", "cohort"),
        extra=(check("planned_minutes", "planned_minutes between 15 and 720"),),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    cohort_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    starts_at: datetime = moment(index=True)
    planned_minutes: int
    mode: Mode = Field(sa_type=by_value(Mode))
    place: str = Field(default="", max_length=200)
    timezone: str = Field(default="America/Toronto", max_length=40)
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")
    cancelled_at: datetime | None = moment_or_none()
    cancelled_by: int | None = Field(default=None, foreign_key="person.id")
    cancel_reason: str | None = Field(default=None, max_length=500)


class PresenceStatus(StrEnum):
    """How someone was there, or not."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    EXCUSED = "excused"
    ABSENT = "absent"


class PresenceMode(StrEnum):
    """By which way; the telephone counts the same minutes (S1)."""

    ONSITE = "onsite"
    VIDEO = "video"
    PHONE = "phone"


class RollCall(SQLModel, table=True):
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

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    closed_at: datetime = moment()
    closed_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
    reason: str | None = Field(default=None, max_length=500)


class RollCallEntry(SQLModel, table=True):
    """One person's presence at a roll call, in minutes."""

    __tablename__ = "roll_call_entry"
    __table_args__ = owned(
        ("roll_call_id", "roll_call"),
        ("enrolment_id", "enrolment"),
        extra=(
            UniqueConstraint("roll_call_id", "enrolment_id"),
            check("minutes", "minutes >= 0"),
            check("absent_without_minutes", "(status in ('excused', 'absent')) = (minutes = 0)"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    roll_call_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    status: PresenceStatus = Field(sa_type=by_value(PresenceStatus))
    mode: PresenceMode | None = Field(default=None, sa_type=by_value(PresenceMode), nullable=True)
    minutes: int


class CatchUp(SQLModel, table=True):
    """A missed workshop to make up, and later that it was (S2): a done one supersedes the assigned one."""

    __tablename__ = "catch_up"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("supersedes_id", "catch_up"),
        extra=(
            UniqueConstraint("supersedes_id"),
            Index(
                "uq_catch_up_first",
                "enrolment_id",
                "activity_code",
                unique=True,
                postgresql_where=text("supersedes_id is null"),
            ),
            check("done_supersedes", "(done_on is null) = (supersedes_id is null)"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    minutes: int
    due_on: date
    done_on: date | None = None
    recorded_at: datetime = moment()
    recorded_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
