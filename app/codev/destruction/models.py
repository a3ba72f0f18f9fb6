"""Table of schedules: how long after its cycle what a group wrote is destroyed, as the college confirmed it."""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned


class DestructionSchedule(Row, table=True):
    """A schedule that someone of the college confirmed, or took back (``days`` is ``None``); the newest is in force."""

    __tablename__ = "destruction_schedule"
    __table_args__ = owned(extra=(check("days", "days between 7 and 730"),))

    college_id: int = Field(foreign_key="college.id", index=True)
    days: int | None = None
    confirmed_at: datetime = moment()
    confirmed_by: int = Field(foreign_key="person.id")
