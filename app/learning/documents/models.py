"""Table of the documents shared with a cohort. Append-only."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from app.learning.documents.schemas import LONGEST_TITLE
from app.learning.hand_ins.schemas import LONGEST_LINK
from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned
from app.platform.database.uniqueness import refused_as


class CohortDocument(Row, table=True):
    """A text, a link or a file that a trainer shares with a cohort for one of its workshops or assessments.

    A later row supersedes it: the document as it became or, with ``withdrawn`` and a reason, its withdrawal.
    """

    __tablename__ = "cohort_document"
    __table_args__ = owned(
        ("cohort_id", "cohort"),
        ("supersedes_id", "cohort_document"),
        extra=(
            UniqueConstraint("supersedes_id", info=refused_as("stale")),
            Index(None, "cohort_id", "activity_code"),
            check("content", "withdrawn or num_nonnulls(body, link, file_sha256) > 0"),
            check("file_whole", "(file_sha256 is null) = (file_name is null)"),
            check("withdrawal", "not withdrawn or (supersedes_id is not null and reason is not null)"),
        ),
    )

    college_id: int = Field(index=True)
    cohort_id: int
    activity_code: str = Field(max_length=20)
    title: str = Field(max_length=LONGEST_TITLE)
    body: str | None = None
    link: str | None = Field(default=None, max_length=LONGEST_LINK)
    file_name: str | None = Field(default=None, max_length=200)
    file_type: str | None = Field(default=None, max_length=100)
    file_size: int | None = None
    file_sha256: str | None = Field(default=None, max_length=64)
    withdrawn: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    reason: str | None = Field(default=None, max_length=500)
    shared_at: datetime = moment()
    shared_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
