"""The table of announcements."""

from datetime import datetime

from sqlmodel import Field

from app.cohorts.announcements.schemas import LONGEST_SUBJECT, LONGEST_TEXT
from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned


class Announcement(Row, table=True):
    """What a coordinator wrote to everyone of a cohort; ``reaches`` is how many people it was sent to.

    Append-only: what was sent is neither changed nor recalled. It is deleted with its messages, a year later.
    """

    __table_args__ = owned(("cohort_id", "cohort"), extra=(check("reaches", "reaches > 0"),))

    college_id: int = Field(index=True)
    cohort_id: int = Field(index=True)
    subject: str = Field(max_length=LONGEST_SUBJECT)
    text: str = Field(max_length=LONGEST_TEXT)
    reaches: int
    sent_at: datetime = moment(index=True)
    sent_by: int = Field(foreign_key="person.id")
