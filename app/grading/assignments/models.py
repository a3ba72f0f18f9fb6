"""Table of the works assigned to trainers. Append-only."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, owned


class WorkAssignment(Row, table=True):
    """Who judges the works of a person, or those of one activity of theirs; without ``assignee_id``, all trainers.

    Of an activity it prevails over the one of the person. A later row supersedes it.
    """

    __tablename__ = "work_assignment"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("supersedes_id", "work_assignment"),
        extra=(
            UniqueConstraint("supersedes_id"),
            Index(
                "uq_work_assignment_first",
                "enrolment_id",
                text("coalesce(activity_code, '')"),
                unique=True,
                postgresql_where=text("supersedes_id is null"),
            ),
            Index(None, "enrolment_id"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int
    activity_code: str | None = Field(default=None, max_length=20)
    assignee_id: int | None = Field(default=None, foreign_key="person.id")
    assigned_at: datetime = moment()
    assigned_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
