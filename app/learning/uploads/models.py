"""Tables of files sent in parts. Append-only; the service deletes what is a day old."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned
from app.platform.database.uniqueness import refused_as


class Upload(Row, table=True):
    """A file that is sent in parts: its name, size and SHA-256, as declared before the first part.

    A participant sends it for an enrolment, a trainer for the documents of a cohort.
    """

    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("cohort_id", "cohort"),
        extra=(
            check("file_size", "file_size > 0"),
            check("destination", "num_nonnulls(enrolment_id, cohort_id) = 1"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int | None = Field(default=None, index=True)
    cohort_id: int | None = Field(default=None, index=True)
    file_name: str = Field(max_length=200)
    file_size: int
    file_sha256: str = Field(max_length=64)
    created_at: datetime = moment(index=True)
    created_by: int = Field(foreign_key="person.id")


class UploadPart(Row, table=True):
    """Bytes of an upload from an offset on, stored as a file of their own.

    ``is_sound`` stands with the last part: whether all parts together are what was declared.
    """

    __tablename__ = "upload_part"
    __table_args__ = owned(
        ("upload_id", "upload"),
        extra=(
            UniqueConstraint("upload_id", "position", info=refused_as("upload_offset")),
            check("position", "position >= 0"),
            check("size", "size > 0"),
        ),
    )

    college_id: int = Field(index=True)
    upload_id: int
    position: int
    size: int
    part_sha256: str = Field(max_length=64)
    is_sound: bool | None = None
    received_at: datetime = moment()
