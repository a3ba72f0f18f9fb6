"""Table of preparation sheets: when each came, and where its encrypted text is. No text here (BR-11)."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned


class PreparationSheet(Row, table=True):
    """A member's sheet for a session; ``confidence_id`` is ``None`` once its text was destroyed."""

    __tablename__ = "preparation_sheet"
    __table_args__ = owned(
        ("session_id", "codev_session"),
        ("membership_id", "codev_membership"),
        ("confidence_id", "codev_confidence"),
        extra=(UniqueConstraint("session_id", "membership_id"), check("version", "version > 0")),
    )

    college_id: int = Field(index=True)
    session_id: int
    membership_id: int = Field(index=True)
    confidence_id: int | None = Field(default=None, index=True)
    version: int
    submitted_at: datetime = moment()
    changed_at: datetime = moment()
