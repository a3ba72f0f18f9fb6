"""Table of comments to use again; row-level security shows them to their author alone."""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment


class SavedComment(Row, table=True):
    """A comment that its author inserts into judgements; of no college, as nothing in it is about anyone."""

    __tablename__ = "saved_comment"

    author_id: int = Field(foreign_key="person.id", index=True)
    title: str = Field(max_length=80)
    search_key: str = Field(max_length=4200)
    text: str = Field(max_length=4000)
    saved_at: datetime = moment()
