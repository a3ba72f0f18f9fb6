"""Table of the attempts opened beyond the first two. Append-only."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, owned


class ExtraAttempt(Row, table=True):
    """One more attempt at an assessment, with the reason of the coordinator who opened it."""

    __tablename__ = "extra_attempt"
    __table_args__ = owned(("enrolment_id", "enrolment"), extra=(Index(None, "enrolment_id", "activity_code"),))

    college_id: int = Field(index=True)
    enrolment_id: int
    activity_code: str = Field(max_length=20)
    reason: str = Field(max_length=500)
    opened_at: datetime = moment()
    opened_by: int = Field(foreign_key="person.id")
