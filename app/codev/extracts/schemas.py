"""Commands and read models of extracts. What is confided stands in two of them alone: one's own text, and its marks."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.codev.extracts.enums import MarkKind, OwnKind
from app.learning.activities.schemas import ActivityCode
from app.platform.schema import Command, Prose, Read

MARKS_MAX = 200
LONGEST_EXTRACT = 10_000


class Mark(Read):
    """Something in a text that would let someone be recognised, as it is written there."""

    kind: MarkKind
    text: str


class OwnWriting(Read):
    """One of one's own writings in a group, without its text."""

    kind: OwnKind
    id: int
    activity_code: str | None = Field(description="of the session that it is about; null for none")
    written_at: datetime


class OwnWritingRef(OwnWriting):
    """One of the actor's own writings, with the enrolment that an extract of it is handed in for."""

    college_id: int
    group_id: int
    person_id: int
    enrolment_id: int
    confidence_id: int | None
    curriculum_slug: str
    curriculum_version: str
    timezone: str


class OwnWritingShown(OwnWriting):
    """One of one's own writings, with its text and what would let someone be recognised in it."""

    text: str
    marks: tuple[Mark, ...]


class ExtractCommand(Command):
    """An extract to hand in: one's own words, written again so that nobody can be recognised.

    ``confirmed`` are the marks that stay, word for word: they let nobody be recognised. ``leaves_group`` says that one
    knows that the extract is no longer the group's.
    """

    activity_code: ActivityCode
    body: Annotated[Prose, StringConstraints(max_length=LONGEST_EXTRACT)]
    confirmed: tuple[Annotated[str, StringConstraints(max_length=300)], ...] = Field(default=(), max_length=MARKS_MAX)
    leaves_group: bool = False
