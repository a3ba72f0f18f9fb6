"""Cohorts, enrolments, sessions and roll calls as they come in and go out."""

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.attendance.calendar.schemas import SessionRow
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.rules import ATTENDING
from app.cohorts.schemas import Justification
from app.platform.schema import Command, Read

ROLL = 300
"""Lines of a roll call at most."""


class EntryCommand(Command):
    """One person's presence."""

    enrolment_id: int
    status: PresenceStatus
    minutes: Annotated[int, Field(ge=0, le=720)]
    mode: PresenceMode | None = None


class RollCallCommand(Command):
    """A roll call to close; a correction names the one it supersedes, and why."""

    entries: Annotated[tuple[EntryCommand, ...], Field(max_length=ROLL)]
    supersedes: int | None = None
    reason: Justification | None = None


def _blank_is_none(value: object) -> object:
    return value or None


Blank = BeforeValidator(_blank_is_none)


class RollCallForm(Command):
    """A roll call as the page's form sends it: one value a person in each list, in the same order."""

    enrolment_id: Annotated[tuple[int, ...], Field(max_length=ROLL)] = ()
    status: tuple[PresenceStatus, ...] = ()
    minutes: tuple[Annotated[Annotated[int, Field(ge=0, le=720)] | None, Blank], ...] = ()
    mode: tuple[Annotated[PresenceMode | None, Blank], ...] = ()
    supersedes: int | None = None
    reason: Justification | None = None

    @property
    def entries(self) -> tuple[EntryCommand, ...]:
        """One entry a person; what an absent person's line still shows counts for nothing."""
        lines = zip(self.enrolment_id, self.status, self.minutes, self.mode, strict=False)
        return tuple(
            EntryCommand(enrolment_id=who, status=status, minutes=minutes or 0, mode=mode)
            if status in ATTENDING
            else EntryCommand(enrolment_id=who, status=status, minutes=0)
            for who, status, minutes, mode in lines
        )


class EntryShown(Read):
    """A line of the sheet; ``status`` is ``None`` while nothing is recorded."""

    enrolment_id: int
    name: str
    status: PresenceStatus | None
    minutes: int | None
    mode: PresenceMode | None


class Sheet(Read):
    """A session's roll call: everyone on the roll, with the current roll call when there is one."""

    session: SessionRow
    cohort_id: int
    roll_call_id: int | None
    closed_at: datetime | None
    closed_by: str | None
    entries: tuple[EntryShown, ...]
