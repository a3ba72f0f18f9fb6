"""Tables of ratings: an encrypted box a session, and who has answered, apart from it (docs/decisions/0044)."""

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import owned


class RatingBox(Row, table=True):
    """All answers of a session, added up and encrypted under the group's key; ``None`` once destroyed.

    One row for all: no row, id or moment belongs to an answer.
    """

    __tablename__ = "rating_box"
    __table_args__ = owned(
        ("group_id", "codev_group"), ("session_id", "codev_session"), extra=(UniqueConstraint("session_id"),)
    )

    college_id: int = Field(index=True)
    group_id: int = Field(index=True)
    session_id: int
    content_sealed: str | None = Field(default=None, sa_type=Text)


class RatingAnswered(Row, table=True):
    """That a member has answered: once, and nothing of what."""

    __tablename__ = "rating_answered"
    __table_args__ = owned(
        ("session_id", "codev_session"),
        ("membership_id", "codev_membership"),
        extra=(UniqueConstraint("session_id", "membership_id"),),
    )

    college_id: int = Field(index=True)
    session_id: int
    membership_id: int = Field(index=True)
