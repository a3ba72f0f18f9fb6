"""Commands and read models of action items."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from app.codev.actions.enums import ActionState
from app.codev.sessions.schemas import Position
from app.platform.schema import Command, Line, Prose, Read


class NewAction(Command):
    """An action to try after one's own consultation, and until when."""

    position: Position = 1
    text: Annotated[Line, StringConstraints(max_length=300)]
    due_on: date


class FollowedState(StrEnum):
    """What became of an action."""

    DONE = "done"
    NOT_DONE = "not_done"
    DROPPED = "dropped"


class FollowUpCommand(Command):
    """What became of an action by a later session, and in a few words what came of it."""

    session_id: int
    state: FollowedState
    outcome: Annotated[Prose, StringConstraints(max_length=2000)] | None = None


class FollowUpForm(FollowUpCommand):
    """What became of an action, as the page's form sends it, with the version that it was made from."""

    version: int

    @property
    def command(self) -> FollowUpCommand:
        """Return the command for the service."""
        return FollowUpCommand.model_validate(self.model_dump(exclude={"version"}))


class ActionContent(Read):
    """What an action says; stored encrypted, in this shape."""

    text: str
    outcome: str | None = None


class ActionRef(Read):
    """An action that the actor decided on."""

    id: int
    college_id: int
    group_id: int
    session_id: int
    membership_id: int
    person_id: int
    confidence_id: int | None
    state: ActionState
    version: int


class ActionWritten(Read):
    """An action that was written, without what it says."""

    id: int
    state: ActionState
    version: int


class ActionShown(Read):
    """An action, as the group reads it; ``text`` is ``None`` once it was destroyed."""

    id: int
    session_id: int
    position: int
    membership_id: int
    name: str
    due_on: date
    state: ActionState
    followed_session_id: int | None
    version: int
    text: str | None
    outcome: str | None


class FollowUpShown(Read):
    """How far a group follows up what its clients decided on: figures alone."""

    actions: int
    due: int = Field(description="actions that a later session could take up")
    followed: int
    rate: int | None = Field(description="per cent of those due; null while none is")
    minutes_planned: int
    minutes_held: int
