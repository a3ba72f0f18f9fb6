"""Table of writings: who wrote one of which session, and where its encrypted text is. No text here (BR-11)."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.codev.writings.enums import WritingKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned


class SessionWriting(Row, table=True):
    """A member's learning or note of a session; ``position`` is that of the consultation, 0 for the whole session."""

    __tablename__ = "session_writing"
    __table_args__ = owned(
        ("session_id", "codev_session"),
        ("membership_id", "codev_membership"),
        ("confidence_id", "codev_confidence"),
        extra=(
            UniqueConstraint("session_id", "membership_id", "kind", "position"),
            check("version", "version > 0"),
            check("position", "position between 0 and 4"),
        ),
    )

    college_id: int = Field(index=True)
    session_id: int
    membership_id: int = Field(index=True)
    kind: WritingKind = Field(sa_type=by_value(WritingKind))
    position: int
    confidence_id: int | None = Field(default=None, index=True)
    version: int
    written_at: datetime = moment()
    changed_at: datetime = moment()
