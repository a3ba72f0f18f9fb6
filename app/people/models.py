"""People, their accounts, the roles they hold and their sign-ins.

A person is global: one row whatever the colleges. Others see them through what they hold or follow.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, func, text
from sqlmodel import Field, SQLModel, col

from app.access import Role
from app.db import by_value, check, moment, moment_or_none

SEARCH_KEY = 420
"""Longest search key, in characters: the folding of a ligature may lengthen a name, and what is over is cut."""


class Person(SQLModel, table=True):
    """Someone; ``search_key`` is the folded name (no accents, no case) for search and sorting."""

    id: int | None = Field(default=None, primary_key=True)
    legal_first_name: str = Field(max_length=100)
    legal_last_name: str = Field(max_length=100)
    chosen_name: str | None = Field(default=None, max_length=200)
    search_key: str = Field(max_length=SEARCH_KEY, index=True)
    created_at: datetime = moment()

    @property
    def name(self) -> str:
        """The name used on screens; certificates carry the legal one."""
        return self.chosen_name or f"{self.legal_first_name} {self.legal_last_name}"


def shown_name() -> ColumnElement[str]:
    """``Person.name`` as a column, for lists that select columns."""
    legal = col(Person.legal_first_name) + " " + col(Person.legal_last_name)
    return func.coalesce(col(Person.chosen_name), legal)


class Account(SQLModel, table=True):
    """How a person signs in; ``email`` is kept in lower case."""

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", unique=True)
    email: str = Field(unique=True, max_length=254)
    password_hash: str = Field(max_length=255)
    suspended_at: datetime | None = moment_or_none()
    created_at: datetime = moment()

    __table_args__ = (check("email_lower", "email = lower(email)"),)


class RoleHeld(SQLModel, table=True):
    """A role someone holds: on the platform, in a college, in a cohort or in a codevelopment group."""

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
        check("place", "(role in ('admin', 'observer')) = (college_id is null)"),
        check("cohort_within_college", "cohort_id is null or college_id is not null"),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    role: Role = Field(sa_type=by_value(Role))
    college_id: int | None = Field(default=None, foreign_key="college.id")
    project_id: int | None = Field(default=None, foreign_key="project.id")
    cohort_id: int | None = Field(default=None, index=True)
    group_id: int | None = Field(default=None, index=True)
    granted_at: datetime = moment()
    granted_by: int | None = Field(default=None, foreign_key="person.id")
    ended_at: datetime | None = moment_or_none()


class SignInKind(StrEnum):
    """A browser's cookie or a program's bearer token."""

    COOKIE = "cookie"
    BEARER = "bearer"


class SignIn(SQLModel, table=True):
    """A proof of sign-in; only the SHA-256 of its secret is kept."""

    __tablename__ = "sign_in"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    kind: SignInKind = Field(sa_type=by_value(SignInKind))
    secret_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = moment()
    seen_at: datetime = moment()
    expires_at: datetime = moment()
    ended_at: datetime | None = moment_or_none()
    user_agent: str = Field(default="", max_length=300)
