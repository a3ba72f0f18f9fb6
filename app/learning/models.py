"""What participants do and hand in, and the field hours they declare. Append-only."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.db import check, moment, moment_or_none, owned


class ActivityCompletion(SQLModel, table=True):
    """Someone says that an activity is done, or (``done`` false) takes that back."""

    __tablename__ = "activity_completion"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("supersedes_id", "activity_completion"),
        extra=(
            UniqueConstraint("supersedes_id"),
            Index(
                "uq_activity_completion_first",
                "enrolment_id",
                "activity_code",
                unique=True,
                postgresql_where=text("supersedes_id is null"),
            ),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    done: bool
    done_on: date
    recorded_at: datetime = moment()
    recorded_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None


class HandIn(SQLModel, table=True):
    """One attempt handed in: a text or one file (kept by its SHA-256), with the declared moment (S1)."""

    __tablename__ = "hand_in"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        extra=(
            UniqueConstraint("enrolment_id", "activity_code", "attempt"),
            check("text_or_file", "(body is null) <> (file_sha256 is null)"),
            check("file_whole", "(file_sha256 is null) = (file_name is null)"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    attempt: int
    body: str | None = None
    file_name: str | None = Field(default=None, max_length=200)
    file_type: str | None = Field(default=None, max_length=100)
    file_size: int | None = None
    file_sha256: str | None = Field(default=None, max_length=64)
    completed_at_declared: datetime | None = moment_or_none()
    received_at: datetime = moment()
    received_from: int = Field(foreign_key="person.id")


class FieldHours(SQLModel, table=True):
    """Minutes in an enterprise that a participant declares for a field activity."""

    __tablename__ = "field_hours"
    __table_args__ = owned(("enrolment_id", "enrolment"), extra=(check("minutes", "minutes > 0"),))

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    minutes: int
    worked_on: date
    note: str = Field(default="", max_length=1000)
    declared_at: datetime = moment()
    declared_by: int = Field(foreign_key="person.id")


class Countersignature(SQLModel, table=True):
    """A coordinator accepts or refuses declared hours; a later one supersedes."""

    __table_args__ = owned(
        ("field_hours_id", "field_hours"),
        ("supersedes_id", "countersignature"),
        extra=(
            UniqueConstraint("supersedes_id"),
            Index(
                "uq_countersignature_first",
                "field_hours_id",
                unique=True,
                postgresql_where=text("supersedes_id is null"),
            ),
            check("refusal_with_reason", "accepted or reason is not null"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    field_hours_id: int = Field(index=True)
    accepted: bool
    reason: str | None = Field(default=None, max_length=500)
    decided_at: datetime = moment()
    decided_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
