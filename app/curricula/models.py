"""The table of published versions; everything else about curricula is in files."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.platform.database.types import moment


class PublishedCurriculum(SQLModel, table=True):
    """A version that cohorts may follow, with the SHA-256 of its files (BR-01)."""

    __tablename__ = "published_curriculum"

    slug: str = Field(primary_key=True, max_length=60)
    version: str = Field(primary_key=True, max_length=20)
    sha256: str = Field(max_length=64)
    registered_at: datetime = moment()
