"""Tables of field hours and their countersignatures. Append-only."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned


class FieldHours(Row, table=True):
    """Minutes in an enterprise that a participant declares for a field activity, under one of their mandates.

    ``mandate_id`` is null for hours of someone who had no mandate, and for those declared before hours named one.
    ``decided`` once a coordinator accepted or refused them: the database keeps it, when a countersignature is written.
    """

    __tablename__ = "field_hours"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("mandate_id", "mandate"),
        extra=(
            check("minutes", "minutes > 0"),
            Index(
                "ix_field_hours_undecided",
                "college_id",
                "declared_at",
                "id",
                postgresql_where=text("not decided"),
            ),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    mandate_id: int | None = Field(default=None, index=True)
    minutes: int
    worked_on: date
    note: str = Field(default="", max_length=1000)
    declared_at: datetime = moment()
    declared_by: int = Field(foreign_key="person.id")
    decided: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class Countersignature(Row, table=True):
    """A coordinator's acceptance or refusal of declared hours; a later one supersedes it."""

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

    college_id: int = Field(index=True)
    field_hours_id: int = Field(index=True)
    accepted: bool
    reason: str | None = Field(default=None, max_length=500)
    decided_at: datetime = moment()
    decided_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
