"""Commands and read models of calendars and of their secret addresses."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import model_validator

from app.curricula.enums import Mode
from app.network.venues.schemas import VenueAddress
from app.overview.calendar.enums import AgendaKind, Span
from app.platform.paging import FORM_KEY
from app.platform.schema import Command, Read


class AgendaItem(Read):
    """An entry of a calendar: a session at a moment, or the last day of a module, on ``on`` alone.

    ``page`` is the address of its page, where its meeting link is read.
    """

    kind: AgendaKind
    id: int
    code: str
    title: str
    cohort: str
    on: date
    starts_at: datetime | None = None
    planned_minutes: int = 0
    timezone: str
    mode: Mode | None = None
    place: str = ""
    venue: VenueAddress | None = None
    is_cancelled: bool = False
    sequence: int = 0
    changed_at: datetime
    page: str


class Agenda(Read):
    """What a calendar holds from its first day on, in order."""

    items: tuple[AgendaItem, ...]


class AgendaQuery(Command):
    """What the page of a calendar shows: the week or the month of a day; this month unless asked otherwise."""

    vue: Span = Span.MONTH
    du: date | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_form_key(cls, values: Any) -> Any:  # noqa: ANN401 - whatever the address holds
        return {n: v for n, v in values.items() if n != FORM_KEY} if isinstance(values, Mapping) else values


class NewFeed(Command):
    """A secret address to create: of one's own calendar, or of a cohort's."""

    cohort_id: int | None = None


class FeedShown(Read):
    """A secret address, without its secret, of a cohort's calendar or of one's own.

    ``cohort`` is the title of the cohort, ``None`` once its calendar is no longer the person's to read.
    """

    id: int
    cohort_id: int | None
    cohort: str | None
    created_at: datetime


class FeedCreated(FeedShown):
    """A secret address, shown once."""

    address: str


class Feeds(Read):
    """A person's secret addresses, newest first."""

    items: tuple[FeedShown, ...]
