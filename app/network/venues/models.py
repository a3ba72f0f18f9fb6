"""The table of venues."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, moment_or_none
from app.platform.database.uniqueness import refused_as


class Venue(Row, table=True):
    """A place where sessions are held; without a college, any college of the network may hold one there.

    ``timezone`` is the venue's own (BR-30): a college may have venues on both sides of a limit between two.
    """

    __table_args__ = (
        UniqueConstraint("id", "college_id"),
        Index(
            "uq_venue_name",
            text("coalesce(college_id, 0)"),
            "search_key",
            unique=True,
            postgresql_where=text("retired_at is null"),
            info=refused_as("venue_exists", "name"),
        ),
    )

    college_id: int | None = Field(default=None, foreign_key="college.id", index=True)
    name: str = Field(max_length=120)
    search_key: str = Field(max_length=600, index=True)
    address: str = Field(max_length=200)
    city: str = Field(max_length=80)
    timezone: str = Field(max_length=40)
    accessibility: str | None = Field(default=None, max_length=500)
    created_at: datetime = moment()
    retired_at: datetime | None = moment_or_none()
