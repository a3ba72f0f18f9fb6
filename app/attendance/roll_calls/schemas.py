"""Commands and read models of roll calls."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.attendance.calendar.schemas import SessionRow
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.rules import ATTENDING
from app.cohorts.schemas import Justification
from app.platform.schema import BlankIsNone, Command, Read

MAX_ENTRIES = 300
"""The most entries that a roll call may have."""


class EntryCommand(Command):
    """One person's presence."""

    enrolment_id: int
    status: PresenceStatus
    minutes: Annotated[int, Field(ge=0, le=720)]
    mode: PresenceMode | None = None


class RollCallCommand(Command):
    """A roll call to close; a correction names the one it supersedes and gives its reason."""

    entries: Annotated[tuple[EntryCommand, ...], Field(max_length=MAX_ENTRIES)]
    supersedes: int | None = None
    reason: Justification | None = None


class RollCallForm(Command):
    """A roll call as the page's form sends it: parallel lists, one value per person in each."""

    enrolment_id: Annotated[tuple[int, ...], Field(max_length=MAX_ENTRIES)] = ()
    status: tuple[PresenceStatus, ...] = ()
    minutes: tuple[Annotated[Annotated[int, Field(ge=0, le=720)] | None, BlankIsNone], ...] = ()
    mode: tuple[Annotated[PresenceMode | None, BlankIsNone], ...] = ()
    supersedes: int | None = None
    reason: Justification | None = None

    @property
    def entries(self) -> tuple[EntryCommand, ...]:
        """Return one entry per person; the minutes and the mode typed for an absent person are ignored."""
        lines = zip(self.enrolment_id, self.status, self.minutes, self.mode, strict=False)
        return tuple(
            EntryCommand(enrolment_id=id_, status=status, minutes=minutes or 0, mode=mode)
            if status in ATTENDING
            else EntryCommand(enrolment_id=id_, status=status, minutes=0)
            for id_, status, minutes, mode in lines
        )


class EntryShown(Read):
    """A person's line on the sheet; ``status`` is ``None`` while nothing is recorded."""

    enrolment_id: int
    name: str
    status: PresenceStatus | None
    minutes: int | None
    mode: PresenceMode | None


class Sheet(Read):
    """The roll of a session: everyone on it, with their presence once the roll call is closed."""

    session: SessionRow
    cohort_id: int
    roll_call_id: int | None
    closed_at: datetime | None
    closed_by: str | None
    entries: tuple[EntryShown, ...]
