"""The tables of role grants, and of those that await a second person."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.platform.security.permissions import Role


class RoleGrantRow(Row, table=True):
    """A role that a person holds: on the platform, in a college, in a cohort or in a codevelopment group."""

    __tablename__ = "role_held"
    __table_args__ = (
        ForeignKeyConstraint(["cohort_id", "college_id"], ["cohort.id", "cohort.college_id"]),
        ForeignKeyConstraint(["group_id", "college_id"], ["codev_group.id", "codev_group.college_id"]),
        Index(
            "uq_role_held_once",
            "person_id",
            "role",
            text("coalesce(college_id, 0)"),
            text("coalesce(project_id, 0)"),
            text("coalesce(cohort_id, 0)"),
            text("coalesce(group_id, 0)"),
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        Index(
            "ix_role_held_college_role", "college_id", "role", "person_id", postgresql_where=text("ended_at is null")
        ),
        Index(
            "ix_role_held_college_role_ends",
            "college_id",
            "role",
            text("coalesce(ended_at, 'infinity'::timestamp with time zone)"),
        ),
        check("place", "(role in ('admin', 'observer')) = (college_id is null)"),
        check("cohort_within_college", "cohort_id is null or college_id is not null"),
        UniqueConstraint("id", "college_id"),
    )

    person_id: int = Field(foreign_key="person.id", index=True)
    role: Role = Field(sa_type=by_value(Role))
    college_id: int | None = Field(default=None, foreign_key="college.id")
    project_id: int | None = Field(default=None, foreign_key="project.id")
    cohort_id: int | None = Field(default=None, index=True)
    group_id: int | None = Field(default=None, index=True)
    granted_at: datetime = moment()
    granted_by: int | None = Field(default=None, foreign_key="person.id")
    ended_at: datetime | None = moment_or_none()


class RoleProposal(Row, table=True):
    """A role that someone gives and that starts once another administrator has confirmed it."""

    __tablename__ = "role_proposal"
    __table_args__ = owned(
        extra=(
            Index(
                "uq_role_proposal_one_open",
                "person_id",
                "role",
                "college_id",
                unique=True,
                postgresql_where=text("decided_at is null"),
            ),
            check(
                "decided", "(decided_at is null) = (decided_by is null) and (decided_at is null) = (accepted is null)"
            ),
        )
    )

    college_id: int = Field(foreign_key="college.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    role: Role = Field(sa_type=by_value(Role))
    proposed_at: datetime = moment()
    proposed_by: int = Field(foreign_key="person.id")
    decided_at: datetime | None = moment_or_none()
    decided_by: int | None = Field(default=None, foreign_key="person.id")
    accepted: bool | None = None


class RoleChange(Row, table=True):
    """An end of a role by a page, or its return: by whom, when and why."""

    __tablename__ = "role_change"
    __table_args__ = owned(("role_id", "role_held"))

    college_id: int = Field(index=True)
    role_id: int = Field(index=True)
    is_end: bool
    changed_at: datetime = moment()
    changed_by: int = Field(foreign_key="person.id")
    reason: str = Field(max_length=500)
