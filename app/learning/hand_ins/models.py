"""Table of hand-ins. Append-only."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.learning.hand_ins.schemas import LONGEST_LINK
from app.platform.database.rows import Row
from app.platform.database.types import check, moment, moment_or_none, owned


class HandIn(Row, table=True):
    """One attempt handed in: a text or one file (stored by its SHA-256), with the declared moment (S1).

    ``link`` is the address of a page that goes with a text; the service never opens it.
    """

    __tablename__ = "hand_in"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        extra=(
            UniqueConstraint("enrolment_id", "activity_code", "attempt"),
            check("text_or_file", "(body is null) <> (file_sha256 is null)"),
            check("link_with_text", "link is null or body is not null"),
            check("file_whole", "(file_sha256 is null) = (file_name is null)"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int
    activity_code: str = Field(max_length=20)
    attempt: int
    body: str | None = None
    link: str | None = Field(default=None, max_length=LONGEST_LINK)
    file_name: str | None = Field(default=None, max_length=200)
    file_type: str | None = Field(default=None, max_length=100)
    file_size: int | None = None
    file_sha256: str | None = Field(default=None, max_length=64)
    completed_at_declared: datetime | None = moment_or_none()
    received_at: datetime = moment()
    received_from: int = Field(foreign_key="person.id")
