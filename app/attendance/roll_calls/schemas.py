"""Commands and read models of roll calls."""

from datetime import datetime, time
from itertools import zip_longest
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from app.attendance.calendar.schemas import LocalClock, SessionRef, SessionRow
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus, RollCallSort
from app.attendance.roll_calls.rules import ATTENDING, Schedule, moment_near
from app.cohorts.schemas import Justification
from app.platform.paging import PAGE, After, Limit, ListQuery
from app.platform.schema import BlankIsNone, Command, Read

MAX_ENTRIES = 300
"""The most entries that a roll call may have."""


Minutes = Annotated[int, Field(ge=0, le=720)]


class EntryCommand(Command):
    """One person's presence; without ``minutes``, those of the status and of the hours."""

    enrolment_id: int
    status: PresenceStatus
    minutes: Minutes | None = None
    mode: PresenceMode | None = None
    arrived_at: AwareDatetime | None = None
    left_at: AwareDatetime | None = None


class RollCallCommand(Command):
    """A roll call to close; a correction names the one it supersedes and gives its reason."""

    entries: Annotated[tuple[EntryCommand, ...], Field(max_length=MAX_ENTRIES)]
    supersedes: int | None = None
    reason: Justification | None = None


class RollCallForm(Command):
    """A roll call as the page's form sends it: parallel lists, one value per person in each."""

    enrolment_id: Annotated[tuple[int, ...], Field(max_length=MAX_ENTRIES)] = ()
    status: tuple[PresenceStatus, ...] = ()
    minutes: tuple[Annotated[Minutes | None, BlankIsNone], ...] = ()
    mode: tuple[Annotated[PresenceMode | None, BlankIsNone], ...] = ()
    arrived: tuple[Annotated[LocalClock | None, BlankIsNone], ...] = ()
    left: tuple[Annotated[LocalClock | None, BlankIsNone], ...] = ()
    supersedes: int | None = None
    reason: Justification | None = None

    def command(self, session: SessionRef) -> RollCallCommand:
        """Return one entry per person, with the hours as moments where the session is held."""
        lines = zip(self.enrolment_id, self.status, self.minutes, self.mode, strict=False)
        hours = zip_longest(self.arrived, self.left)
        entries = tuple(
            _entry(session, enrolment_id, status, minutes=minutes, mode=mode, hours=next(hours, (None, None)))
            for enrolment_id, status, minutes, mode in lines
        )
        return RollCallCommand(entries=entries, supersedes=self.supersedes, reason=self.reason)


def _entry(
    session: SessionRef,
    enrolment_id: int,
    status: PresenceStatus,
    *,
    minutes: int | None,
    mode: PresenceMode | None,
    hours: tuple[time | None, time | None],
) -> EntryCommand:
    """Return an entry of the page's form; the minutes, mode and hours typed for someone absent are ignored."""
    if status not in ATTENDING:
        return EntryCommand(enrolment_id=enrolment_id, status=status, minutes=0)
    schedule = Schedule(session.starts_at, session.planned_minutes)
    arrived, left = (None if clock is None else moment_near(clock, schedule, session.timezone) for clock in hours)
    return EntryCommand(
        enrolment_id=enrolment_id,
        status=status,
        minutes=minutes,
        mode=mode,
        arrived_at=arrived,
        left_at=left,
    )


class Presence(Read):
    """How, when and for how many minutes someone attended, as one roll call says it."""

    status: PresenceStatus
    minutes: int
    mode: PresenceMode | None
    arrived_at: datetime | None
    left_at: datetime | None


class EntryCorrected(Read):
    """A line that a correction changed: the presence before and after; ``None`` where the person had no line."""

    enrolment_id: int
    name: str
    before: Presence | None
    after: Presence | None


class ClosedRollCall(Read):
    """A roll call of a session, in force or superseded: who closed it and when."""

    id: int
    closed_at: datetime
    closed_by: str


class PastRollCall(ClosedRollCall):
    """A roll call of a session, in force or superseded: who closed it, when, why it corrected and which lines."""

    reason: str | None
    corrected: tuple[EntryCorrected, ...]


class PastRollCallPage(Read):
    """The roll calls of a session, newest first; ``next`` is the cursor of the following page."""

    items: tuple[PastRollCall, ...]
    next: int | None


class PastRollCallsApiQuery(Command):
    """The roll calls to return, newest first."""

    after: After = None
    limit: Limit = PAGE


class PastRollCallsQuery(ListQuery):
    """The roll calls to show in a list, newest first."""

    SORTS: ClassVar = RollCallSort
    tri: str = "-cloture"


class EntryShown(Read):
    """A person's line on the sheet; ``status`` is ``None`` while nothing is recorded."""

    enrolment_id: int
    name: str
    status: PresenceStatus | None
    minutes: int | None
    mode: PresenceMode | None
    arrived_at: datetime | None
    left_at: datetime | None


class Sheet(Read):
    """The roll of a session: everyone on it, with their presence once the roll call is closed."""

    session: SessionRow
    cohort_id: int
    roll_call_id: int | None
    closed_at: datetime | None
    closed_by: str | None
    entries: tuple[EntryShown, ...]
