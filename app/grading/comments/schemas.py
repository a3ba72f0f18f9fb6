"""Commands and read models of comments to use again. Moments are UTC."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from app.platform.paging import PAGE, After, Limit, ListQuery
from app.platform.schema import Command, Line, Prose, Read, SearchText

TITLE_LENGTH = 80


class NewSavedComment(Command):
    """A comment to keep, under a short title."""

    title: Annotated[Line, StringConstraints(max_length=TITLE_LENGTH)]
    text: Annotated[Prose, StringConstraints(min_length=1, max_length=4000)]


class SavedCommentShown(Read):
    """A comment of one's own."""

    id: int
    title: str
    text: str
    saved_at: datetime

    @property
    def pair(self) -> tuple[int, str]:
        """Return it as a choice of a form."""
        return self.id, self.title


class SavedCommentPage(Read):
    """One's own comments, by title."""

    items: tuple[SavedCommentShown, ...]
    next: int | None


class SavedCommentsApiQuery(Command):
    """One's own comments to return, at most ``limit`` after the one of id ``after``."""

    search: SearchText = ""
    after: After = None
    limit: Limit = PAGE


class SavedCommentRef(Read):
    """A comment of the actor's own."""

    id: int
    text: str


class SavedCommentSort(StrEnum):
    """What the list is sorted by."""

    TITLE = "titre"
    AGE = "date"


class SavedCommentsQuery(ListQuery):
    """One's own comments to show, by title; the search looks at titles and texts."""

    SORTS: ClassVar = SavedCommentSort
    tri: str = "titre"
