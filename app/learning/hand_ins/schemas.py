"""Commands and read models of hand-ins. Moments are UTC."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from app.learning.activities.schemas import ActivityCode
from app.platform.schema import Address, Command, Prose, Read

LONGEST_LINK = 500
WebLink = Annotated[Address, StringConstraints(max_length=LONGEST_LINK)]
"""The address of a page, as it is typed; ``rules.link_reasons`` says what it must be."""


class TextCommand(Command):
    """A text handed in, with a link or not.

    ``completed_at`` is the moment it was finished, when sent later for want of a network (S1).
    """

    activity_code: ActivityCode
    body: Prose
    link: WebLink | None = None
    completed_at: AwareDatetime | None = None


class FileCommand(Command):
    """A file handed in: its name, cleaned by ``rules.clean_name``, and its bytes."""

    activity_code: ActivityCode
    name: str
    content: bytes
    completed_at: AwareDatetime | None = None


class Punctuality(StrEnum):
    """Whether a hand-in met the end of its due day; ``on_time_declared`` relies on the cohort's grace hours (S1)."""

    ON_TIME = "on_time"
    ON_TIME_DECLARED = "on_time_declared"
    LATE = "late"


class HandInRow(Read):
    """An attempt in a list, without its text."""

    id: int
    enrolment_id: int
    activity_code: str
    attempt: int
    file_name: str | None = None
    file_type: str | None = None
    file_size: int | None = Field(default=None, description="bytes")
    file_sha256: str | None = None
    completed_at_declared: datetime | None = None
    received_at: datetime
    due_on: date
    punctuality: Punctuality | None = Field(description="none for a trace, which is never late")


class HandInShown(HandInRow):
    """An attempt that the actor may see, with its text."""

    college_id: int
    cohort_id: int
    person_id: int
    name: str
    body: str | None = None
    link: str | None = None
