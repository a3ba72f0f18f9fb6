"""The table of exceptions (S6): each row is written once and never changed."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, owned


class AssessorException(Row, table=True):
    """A coordinator lets a facilitator judge CN-11 of a member of their group, and says why."""

    __tablename__ = "assessor_exception"
    __table_args__ = owned(("enrolment_id", "enrolment"), extra=(UniqueConstraint("enrolment_id", "assessor_id"),))

    college_id: int = Field(index=True)
    enrolment_id: int
    assessor_id: int = Field(foreign_key="person.id", index=True)
    reason: str = Field(max_length=1000)
    granted_at: datetime = moment()
    granted_by: int = Field(foreign_key="person.id")
