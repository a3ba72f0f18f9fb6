"""The table of the secret addresses of calendar feeds."""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, moment_or_none


class CalendarFeed(Row, table=True):
    """A secret address where a program reads its person's calendar, or a cohort's; only its SHA-256 is stored.

    What it shows is decided at each reading, by the roles that the person holds then.
    """

    __tablename__ = "calendar_feed"

    person_id: int = Field(foreign_key="person.id", index=True)
    cohort_id: int | None = Field(default=None, foreign_key="cohort.id", index=True)
    secret_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = moment()
    ended_at: datetime | None = moment_or_none()
