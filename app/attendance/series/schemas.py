"""Commands and read models of weekly series."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator

from app.attendance.calendar.schemas import LocalClock, MeetingLink, Place
from app.attendance.series.rules import LONGEST
from app.cohorts.lifecycle.schemas import Effect
from app.cohorts.settings.schemas import Confirmation
from app.curricula.enums import Mode
from app.network.venues.schemas import VenueAddress
from app.platform.schema import Code, Command, Read
from app.platform.working_days import Holiday

MOST_SKIPPED = 40


class NewSeries(Command):
    """A weekly series to see or plan: the next activities of the path that have no session, one a week.

    It begins with ``activity_code`` on ``day``, and has ``number`` sessions or goes on until ``until``: through the
    whole path without either. ``clock`` is that of the venue, else of the cohort (BR-30); of the two equal hours of
    November, the first. ``mode`` and minutes are those of each activity unless given. ``skipping``: a day, any of
    them, of each week without a session, beside statutory holidays, which ``with_holidays`` keeps; what was due then is
    a week later. What is online has neither ``venue_id`` nor ``place``.
    """

    activity_code: Annotated[Code, StringConstraints(max_length=20)]
    day: date
    clock: LocalClock
    number: Annotated[int | None, Field(ge=1, le=LONGEST)] = None
    until: date | None = None
    skipping: Annotated[tuple[date, ...], Field(max_length=MOST_SKIPPED)] = ()
    with_holidays: bool = False
    mode: Mode | None = None
    place: Place = ""
    venue_id: int | None = None


class SeriesTyped(NewSeries):
    """A weekly series as its form sends it: the days to skip are typed in one line."""

    @field_validator("skipping", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 - whatever was typed
        typed = [value] if isinstance(value, str) else value
        if not isinstance(typed, list | tuple) or not all(isinstance(text, str) for text in typed):
            return typed
        return [part for text in typed for part in re.split(r"[\s,;]+", text) if part]


class SeriesToChange(Command):
    """What was typed of a weekly series, which its form shows again."""

    activity_code: Annotated[str, StringConstraints(max_length=20)] = ""
    day: date | None = None
    clock: LocalClock | None = None
    number: Annotated[int | None, Field(ge=1, le=LONGEST)] = None
    until: date | None = None
    skipping: Annotated[str, StringConstraints(max_length=500)] = ""
    with_holidays: bool = False
    mode: Mode | None = None
    place: Place = ""
    venue_id: int | None = None


class ConfirmSeries(NewSeries, Confirmation):
    """A weekly series to plan, which was read; refused when it would no longer be what ``shown`` marks.

    ``meeting_link`` is that of each session that is online or hybrid. It is given with the confirmation alone: what the
    preview's page is made of stands in its address.
    """

    meeting_link: MeetingLink | None = None


class ConfirmTyped(SeriesTyped, Confirmation):
    """A weekly series to plan, as its form sends it."""

    meeting_link: MeetingLink | None = None


class SeriesSession(Read):
    """A session of a series, with what it clashes with."""

    activity_code: str
    title: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    place: str
    venue: VenueAddress | None
    timezone: str
    clashes: tuple[Effect, ...]


class SkippedDay(Read):
    """A day that the series passes over; ``holiday`` is ``None`` for one that was asked to be."""

    on: date
    holiday: Holiday | None


class SeriesPreview(Read):
    """What a series would be; ``shown`` names exactly this in the command that plans it."""

    sessions: tuple[SeriesSession, ...]
    skipped: tuple[SkippedDay, ...]
    shown: str
