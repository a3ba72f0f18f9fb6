"""The table of what members say of a record: append-only, no free text (BR-11)."""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, owned


class CodevConfirmation(Row, table=True):
    """A member says, with their own sign-in, that a record is right about them, or wrong; the last word stands."""

    __tablename__ = "codev_confirmation"
    __table_args__ = owned(("record_id", "codev_record"), ("membership_id", "codev_membership"))

    college_id: int = Field(index=True)
    record_id: int = Field(index=True)
    membership_id: int = Field(index=True)
    is_right: bool
    said_at: datetime = moment()
    said_by: int = Field(foreign_key="person.id", index=True)
