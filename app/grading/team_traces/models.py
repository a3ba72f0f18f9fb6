"""Table of who made a trace with its author."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, moment_or_none, owned


class TraceShare(Row, table=True):
    """Someone whom the author of a trace names as of the team: they read it until ``ended_at``.

    ``ended_by`` is the author, or the one named, who said that they are not of the team.
    """

    __tablename__ = "trace_share"
    __table_args__ = owned(
        ("hand_in_id", "hand_in"),
        ("enrolment_id", "enrolment"),
        extra=(
            Index(
                "uq_trace_share_in_force",
                "hand_in_id",
                "enrolment_id",
                unique=True,
                postgresql_where=text("ended_at is null"),
            ),
            check("ended", "(ended_at is null) = (ended_by is null)"),
        ),
    )

    college_id: int = Field(index=True)
    hand_in_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    shared_at: datetime = moment()
    shared_by: int = Field(foreign_key="person.id")
    ended_at: datetime | None = moment_or_none()
    ended_by: int | None = Field(default=None, foreign_key="person.id")
