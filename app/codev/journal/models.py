"""Table of journal entries: whose, of which session; the text is encrypted elsewhere, and read by its author alone."""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned


class JournalEntry(Row, table=True):
    """An entry of someone's journal, of a session or of none; no one else learns that it exists."""

    __tablename__ = "journal_entry"
    __table_args__ = owned(
        ("group_id", "codev_group"),
        ("session_id", "codev_session"),
        ("confidence_id", "codev_confidence"),
        extra=(check("version", "version > 0"),),
    )

    college_id: int = Field(index=True)
    group_id: int = Field(index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    session_id: int | None = Field(default=None, index=True)
    confidence_id: int = Field(index=True)
    version: int
    written_at: datetime = moment()
    changed_at: datetime = moment()
