"""Commands and read models of the journal."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.platform.schema import Command, Prose, Read

JournalText = Annotated[Prose, StringConstraints(max_length=10_000)]


class NewJournalEntry(Command):
    """An entry to write, of a session of the group or of none."""

    session_id: int | None = None
    text: JournalText


class JournalCommand(Command):
    """What an entry becomes."""

    text: JournalText


class JournalForm(JournalCommand):
    """What an entry becomes, as the page's form sends it, with the version that it was made from."""

    version: int

    @property
    def command(self) -> JournalCommand:
        """Return the command for the service."""
        return JournalCommand(text=self.text)


class JournalContent(Read):
    """What an entry says; stored encrypted, in this shape."""

    text: str


class JournalRef(Read):
    """The actor's own journal in a group that they are or were in."""

    group_id: int
    college_id: int
    person_id: int
    group: str
    cohort: str
    timezone: str
    writes: bool = Field(description="whether one is still a member, and may add to it")


class JournalEntryRef(Read):
    """An entry of the actor's own journal."""

    id: int
    college_id: int
    group_id: int
    person_id: int
    session_id: int | None
    confidence_id: int
    version: int
    written_at: datetime
    changed_at: datetime


class JournalEntryWritten(Read):
    """An entry that was written, without its text."""

    id: int
    version: int
    written_at: datetime


class JournalEntryShown(Read):
    """An entry of one's own journal."""

    id: int
    group_id: int
    session_id: int | None
    activity_code: str | None
    version: int
    written_at: datetime
    changed_at: datetime
    text: str
