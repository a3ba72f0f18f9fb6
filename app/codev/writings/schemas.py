"""Commands and read models of writings."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.codev.sessions.schemas import TURNS
from app.codev.writings.enums import WritingKind
from app.platform.schema import Command, Prose, Read

WritingPosition = Annotated[int, Field(ge=0, le=TURNS)]


class WritingCommand(Command):
    """What a member writes: a learning, or a note."""

    text: Annotated[Prose, StringConstraints(max_length=6000)]


class WritingForm(WritingCommand):
    """A writing as the page's form sends it, with its kind, its place and the version that it was made from."""

    kind: WritingKind
    position: WritingPosition = 0
    version: int

    @property
    def command(self) -> WritingCommand:
        """Return the command for the service."""
        return WritingCommand(text=self.text)


class WritingContent(Read):
    """What a writing says; stored encrypted, in this shape."""

    text: str


class WritingWritten(Read):
    """A writing that was written, without its text."""

    id: int
    kind: WritingKind
    position: int
    version: int


class WritingShown(Read):
    """A writing of a session, as its group reads it; ``text`` is ``None`` once it was destroyed."""

    id: int
    kind: WritingKind
    position: int = Field(description="consultation, 0 for the whole session")
    membership_id: int
    name: str
    version: int
    written_at: datetime
    changed_at: datetime
    text: str | None
