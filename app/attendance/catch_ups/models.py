"""The table of catch-ups, append-only: what is done, waived or decided again supersedes the row before."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned
from app.platform.database.uniqueness import refused_as


class CatchUp(Row, table=True):
    """A missed workshop to make up before ``due_on``, or waived for a reason; once made up, it has ``done_on`` (S2).

    What is waived stays out of the attendance base (BR-08).
    """

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
            check("done_supersedes", "done_on is null or supersedes_id is not null"),
            check("waived", "(due_on is null) = (waived_because is not null)"),
            check("done_or_waived", "done_on is null or waived_because is null"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    activity_code: str = Field(max_length=20)
    minutes: int
    due_on: date | None = None
    done_on: date | None = None
    waived_because: str | None = Field(default=None, max_length=500)
    recorded_at: datetime = moment()
    recorded_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
