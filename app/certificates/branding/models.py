"""The tables of signatories, and of their ends and returns."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, moment_or_none, owned
from app.platform.database.uniqueness import refused_as


class Signatory(Row, table=True):
    """Someone who signs a college's certificates, from a day on or between two days; ``image`` is their signature.

    They sign nothing from ``ended_at`` on, unless they are taken back, which empties it.
    """

    __table_args__ = owned(
        extra=(
            check("period", "valid_to is null or valid_to >= valid_from"),
            UniqueConstraint("college_id", "name", "title", "valid_from", info=refused_as("signatory_exists", "name")),
        )
    )

    college_id: int = Field(foreign_key="college.id", index=True)
    name: str = Field(max_length=200)
    title: str = Field(max_length=200)
    position: int = 1
    valid_from: date
    valid_to: date | None = None
    image: str | None = Field(default=None, max_length=70)
    ended_at: datetime | None = moment_or_none()


class SignatoryChange(Row, table=True):
    """An end of a signatory, or their return: by whom, when and why."""

    __tablename__ = "signatory_change"
    __table_args__ = owned(("signatory_id", "signatory"))

    college_id: int = Field(index=True)
    signatory_id: int = Field(index=True)
    is_end: bool
    changed_at: datetime = moment()
    changed_by: int = Field(foreign_key="person.id")
    reason: str = Field(max_length=500)
