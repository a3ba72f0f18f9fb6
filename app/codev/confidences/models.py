"""The key of a group, wrapped by the keyring, and its encrypted texts (docs/decisions/0042)."""

from datetime import date, datetime

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from app.codev.confidences.enums import ConfidenceKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned


class GroupKey(Row, table=True):
    """The key under which a group's texts are encrypted; ``key_sealed`` is wrapped by the keyring.

    ``told_on``: when its people were told that its texts are due. Once it is destroyed the row stays, without the key:
    nothing is written for the group again.
    """

    __tablename__ = "codev_group_key"
    __table_args__ = owned(
        ("group_id", "codev_group"),
        extra=(UniqueConstraint("group_id"), check("sealed", "(key_sealed is null) = (destroyed_at is not null)")),
    )

    college_id: int = Field(index=True)
    group_id: int
    key_sealed: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = moment()
    told_on: date | None = None
    destroyed_at: datetime | None = moment_or_none()


class Confidence(Row, table=True):
    """A text of a group, written by one person: encrypted before it reaches the database, never a word in the clear."""

    __tablename__ = "codev_confidence"
    __table_args__ = owned(("group_id", "codev_group"))

    college_id: int = Field(index=True)
    group_id: int = Field(index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    kind: ConfidenceKind = Field(sa_type=by_value(ConfidenceKind))
    content_sealed: str = Field(sa_type=Text)
    written_at: datetime = moment()
