"""Tables of the college's signing keys and of its signed status lists."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.platform.database.rows import Row
from app.platform.database.types import moment, moment_or_none, owned


class CollegeKey(Row, table=True):
    """A key that signs a college's credentials; ``private_sealed`` is encrypted by the keyring.

    The newest one that is not retired signs; a retired one still verifies what it has signed.
    """

    __tablename__ = "college_key"
    __table_args__ = owned(extra=(UniqueConstraint("college_id", "name"),))

    college_id: int = Field(foreign_key="college.id", index=True)
    name: str = Field(max_length=40)
    public_key: str = Field(max_length=100)
    private_sealed: str = Field(max_length=300)
    created_at: datetime = moment()
    retired_at: datetime | None = moment_or_none()


class StatusList(SQLModel, table=True):
    """The list of a college's credentials that are no longer valid, itself a credential, signed at the last change."""

    __tablename__ = "status_list"

    college_id: int = Field(foreign_key="college.id", primary_key=True)
    number: int = Field(primary_key=True)
    credential: str
    signed_at: datetime = moment()
