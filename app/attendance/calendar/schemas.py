"""Commands and read models of a cohort's calendar."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, WithJsonSchema

from app.attendance.calendar.rules import LONGEST_LINK, Stage
from app.attendance.clashes.rules import NO_CLASH
from app.cohorts.schemas import Justification
from app.curricula.enums import Mode
from app.network.venues.schemas import VenueAddress
from app.platform.paging import ListQuery
from app.platform.schema import Address, Code, Command, Read, cleaned_by
from app.platform.text import clean_line

MeetingLink = Annotated[Address, StringConstraints(max_length=LONGEST_LINK)]
"""The address of an online meeting, as it is typed; ``rules.place_reasons`` says what it must be."""


ClashesRead = Annotated[str, StringConstraints(max_length=16)]
"""The mark of what was read to clash with a session, ``none`` for nothing."""

ClashesSeen = ClashesRead | None
"""The same in a command of our own: ``None`` for what was read otherwise, as a whole series is."""

PlannedMinutes = Annotated[int, Field(ge=15, le=720)]
Place = Annotated[str, cleaned_by(clean_line), StringConstraints(max_length=200)]


def _without_zone(clock: time) -> time:
    """Return a clock; refuse one with a time zone of its own, which would be ignored."""
    if clock.tzinfo is not None:
        raise ValueError("a clock of the venue or the cohort")
    return clock


LocalClock = Annotated[
    time,
    AfterValidator(_without_zone),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"}),
]
"""An hour on the clock of a venue, else of a cohort (BR-30); JSON Schema's ``time`` asks for a zone (RFC 3339)."""


class LocalMoment(Command):
    """A day and clock as they are typed, in the time zone of a venue, else of a cohort (BR-30)."""

    TYPED: ClassVar = {"day", "clock", "second"}
    """What says the moment; the rest is the command's own."""

    day: date
    clock: LocalClock
    second: Literal["first", "second"] | None = None
    venue_id: int | None = None

    @property
    def is_second(self) -> bool | None:
        """Whether it is the later of November's two equal hours; ``None`` when not chosen."""
        return None if self.second is None else self.second == "second"


class PlannedSession(Command):
    """What is planned of a session for a group activity, whose minutes and mode are the defaults.

    ``place`` is a room, or the whole place when there is no venue.
    """

    activity_code: Annotated[Code, StringConstraints(max_length=20)]
    planned_minutes: PlannedMinutes | None = None
    mode: Mode | None = None
    place: Place = ""
    venue_id: int | None = None
    meeting_link: MeetingLink | None = None
    clashes_seen: ClashesSeen = None


class NewSession(PlannedSession):
    """A session to schedule."""

    starts_at: AwareDatetime


class AskedSession(NewSession):
    """A session to schedule, as a program asks: what clashes with it is to be read first."""

    clashes_seen: ClashesRead = NO_CLASH


class LocalSession(PlannedSession, LocalMoment):
    """A session to schedule, as its form sends it: what clashes with it is always to be read first."""

    clashes_seen: ClashesRead = NO_CLASH


class SessionRow(Read):
    """A session in a calendar."""

    id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    place: str
    venue: VenueAddress | None
    timezone: str
    cancelled: bool
    cancel_reason: str | None
    closed: bool
    sequence: int


class SessionPage(Read):
    """Sessions of a cohort in order of time; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[SessionRow, ...]
    next: int | None


class SessionSort(StrEnum):
    """What the calendar is sorted by."""

    MOMENT = "date"


class SessionsQuery(ListQuery):
    """The sessions to show on the page of a cohort's calendar, in order of time."""

    SORTS: ClassVar = SessionSort
    tri: str = "date"
    etat: Stage | None = None


class SessionRef(Read):
    """A session that was loaded within the actor's reach; services accept it as proof."""

    id: int
    college_id: int
    cohort_id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    place: str
    venue: VenueAddress | None
    timezone: str
    has_link: bool
    sequence: int
    cancelled_at: datetime | None
    cancel_reason: str | None


class SessionShown(SessionRow):
    """A session with its meeting link, for who takes part and around the session alone.

    ``meeting_link_from``: when the link is shown to who takes part; ``None`` when the session has none.
    """

    cohort_id: int
    meeting_link: str | None
    meeting_link_from: datetime | None
    changes: tuple["PastTime", ...]


class ChangedSession(Command):
    """What a session becomes, with the reason shown to the cohort; its activity stays.

    ``sequence`` is that of the session as it was read. Without ``meeting_link`` the session keeps the one it has, which
    ``without_link`` takes away.
    """

    sequence: int
    planned_minutes: PlannedMinutes
    mode: Mode
    place: Place = ""
    venue_id: int | None = None
    meeting_link: MeetingLink | None = None
    without_link: bool = False
    clashes_seen: ClashesSeen = None
    reason: Justification


class ChangeSession(ChangedSession):
    """A session to move or change."""

    starts_at: AwareDatetime


class AskedChange(ChangeSession):
    """A session to move or change, as a program asks: what clashes with it is to be read first."""

    clashes_seen: ClashesRead = NO_CLASH


class LocalChange(ChangedSession, LocalMoment):
    """A session to move or change, as its form sends it: what clashes with it is always to be read first."""

    clashes_seen: ClashesRead = NO_CLASH


class PastTime(Read):
    """What a session was before a change: when, where, until when, and why it changed.

    ``changed_by`` is for who manages the calendar.
    """

    changed_at: datetime
    changed_by: str | None
    reason: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    place: str
    venue: str | None
    timezone: str


class CancelCommand(Command):
    """The cancellation of a session, with the reason shown to the cohort."""

    reason: Justification


class RestoreCommand(Command):
    """The return of a cancelled session to the calendar, with its reason.

    ``beside``: it is meant although another session of the activity was planned since the cancellation.
    """

    reason: Justification
    beside: bool = False
    clashes_seen: ClashesSeen = None


class AskedReturn(RestoreCommand):
    """The return of a session, as its form or a program asks: what clashes with it is to be read first."""

    clashes_seen: ClashesRead = NO_CLASH


class Restoration(Read):
    """A cancellation that was taken back: when and by whom, with both reasons."""

    cancelled_at: datetime
    cancelled_by: str | None
    cancel_reason: str | None
    restored_at: datetime
    restored_by: str
    reason: str


class ComingSession(Read):
    """The next session of the cohort."""

    id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    place: str
    venue: VenueAddress | None
    timezone: str
