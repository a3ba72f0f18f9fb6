"""Table of activities marked done. Append-only."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, owned


class ActivityCompletion(Row, table=True):
    """An activity marked done or, with ``done`` false, marked not done after all."""

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

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    done: bool
    done_on: date
    recorded_at: datetime = moment()
    recorded_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
