"""Commands and read models of preparation sheets."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.codev.sessions.enums import CodevRole
from app.codev.sheets.enums import TopicKind
from app.platform.schema import Command, Line, Prose, Read


class SheetCommand(Command):
    """A sheet to write: what the member would bring, and the question that they put to the group."""

    topic: TopicKind
    title: Annotated[Line, StringConstraints(max_length=120)]
    situation: Annotated[Prose, StringConstraints(max_length=4000)]
    tried: Annotated[Prose, StringConstraints(max_length=4000)]
    stakes: Annotated[Prose, StringConstraints(max_length=4000)] | None = None
    question: Annotated[Prose, StringConstraints(max_length=1000)]
    help_wanted: Annotated[Line, StringConstraints(max_length=200)] | None = None


class SheetForm(SheetCommand):
    """A sheet as the page's form sends it, with the version that it was made from."""

    version: int

    @property
    def command(self) -> SheetCommand:
        """Return the command for the service."""
        return SheetCommand.model_validate(self.model_dump(exclude={"version"}))


class SheetContent(Read):
    """What a sheet says; stored encrypted, in this shape."""

    topic: TopicKind
    title: str
    situation: str
    tried: str
    stakes: str | None = None
    question: str
    help_wanted: str | None = None


class SheetFact(Read):
    """Whether a member has sent a sheet for a session, and when: a fact, without a word of it."""

    membership_id: int
    name: str
    role: CodevRole | None = Field(description="client or reserve: who is expected to send one")
    sheet_id: int | None
    submitted_at: datetime | None
    is_late: bool | None


class SheetRef(Read):
    """A sheet that the actor may read."""

    id: int
    college_id: int
    group_id: int
    session_id: int
    confidence_id: int | None
    person_id: int
    name: str
    version: int
    submitted_at: datetime
    changed_at: datetime


class SheetShown(Read):
    """A member's sheet; ``content`` is ``None`` once it was destroyed."""

    id: int
    session_id: int
    name: str
    submitted_at: datetime
    changed_at: datetime
    content: SheetContent | None


class OwnSheet(Read):
    """One's own sheet for a session; its version is 0 while there is none."""

    session_id: int
    version: int
    due_on: date
    submitted_at: datetime | None
    changed_at: datetime | None
    is_late: bool | None
    content: SheetContent | None
    earlier: SheetContent | None = Field(description="one's sheet for an earlier session, to begin from")
