"""The table of former legal names."""

from datetime import date, datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, owned


class NameChange(Row, table=True):
    """A former legal name, when it was replaced, and who saw the proof of the new one; the proof is not stored (S7)."""

    __tablename__ = "name_change"
    __table_args__ = owned()

    college_id: int = Field(foreign_key="college.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    former_first_name: str | None = Field(default=None, max_length=100)
    former_last_name: str = Field(max_length=100)
    changed_at: datetime = moment()
    seen_on: date
    seen_by: int = Field(foreign_key="person.id")
