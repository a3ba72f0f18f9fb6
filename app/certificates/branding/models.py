"""The table of signatories."""

from datetime import date

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, owned
from app.platform.database.uniqueness import refused_as


class Signatory(Row, table=True):
    """Someone who signs a college's certificates, from a day on or between two days; ``image`` is their signature."""

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
