"""The table of catch-ups, append-only: a done catch-up is a new row that supersedes the assigned one."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned
from app.platform.database.uniqueness import refused_as


class CatchUp(Row, table=True):
    """A missed workshop to make up; once it was, a row with ``done_on`` supersedes the assigned one (S2)."""

    __tablename__ = "catch_up"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("supersedes_id", "catch_up"),
        extra=(
            UniqueConstraint("supersedes_id", info=refused_as("catch_up_done")),
            Index(
                "uq_catch_up_first",
                "enrolment_id",
                "activity_code",
                unique=True,
                postgresql_where=text("supersedes_id is null"),
                info=refused_as("catch_up_assigned"),
            ),
            check("done_supersedes", "(done_on is null) = (supersedes_id is null)"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    minutes: int
    due_on: date
    done_on: date | None = None
    recorded_at: datetime = moment()
    recorded_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
