"""Calendar files (iCalendar, RFC 5545) as Outlook, Google Calendar and Apple Calendar take them.

A time zone is described by the rule of its two clock changes: Outlook reads no list of dates, and shifts the entries of
a zone that it cannot read. (``icalendar`` makes such lists, and dates the change of March an hour late.)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vRecur

PRODUCT = "-//Escouade//Calendrier//FR"
REFRESH = timedelta(hours=4)
"""How often a program that follows the calendar is asked to read it again."""

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
HOURS_OF_A_YEAR = 8784
LAST_WEEK = 25
"""A change of clocks from this day of its month on is on the last such day of it, as in Europe."""


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """Something at a moment, or a whole day when ``starts`` is a date.

    ``uid`` never changes and ``sequence`` rises at each change, so that a program replaces the entry that it has;
    ``changed_at`` is when that was. ``zone`` is where its clock is.
    """

    uid: str
    sequence: int
    changed_at: datetime
    summary: str
    starts: datetime | date
    zone: str = "UTC"
    minutes: int = 0
    location: str = ""
    description: str = ""
    url: str = ""
    is_cancelled: bool = False


def calendar_file(name: str, entries: Sequence[CalendarEntry]) -> bytes:
    """Return a calendar file with its entries, in their order, and the time zones that they need."""
    calendar = _calendar(entries)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT4H")
    for entry in entries:
        calendar.add_component(_event(entry))
    return bytes(calendar.to_ical())


def published_entry(entry: CalendarEntry, *, organizer: str, at: datetime) -> bytes:
    """Return a calendar file with one entry, to attach to an e-mail written at a moment (RFC 5546, PUBLISH).

    ``organizer``: the address of who publishes it, which the method requires. The file has no name: Outlook would open
    it as another calendar, and a second entry would be left out.
    """
    calendar = _calendar([entry])
    calendar.add("method", "PUBLISH")
    event = _event(entry)
    event.pop("dtstamp")  # with a method, the moment of the file; without, of the entry (RFC 5545, 3.8.7.2)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("organizer", vCalAddress(f"mailto:{organizer}"))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _calendar(entries: Iterable[CalendarEntry]) -> Calendar:
    """Return a calendar with the time zones that some entries need."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for zone, year in _first_years(entries).items():
        calendar.add_component(_zone_component(zone, year))
    return calendar


def _first_years(entries: Iterable[CalendarEntry]) -> dict[str, int]:
    """Return the zones that the entries name, each with the year before its first entry."""
    years: dict[str, int] = {}
    for entry in entries:
        if isinstance(entry.starts, datetime):
            years[entry.zone] = min(years.get(entry.zone, 9999), entry.starts.year - 1)
    return dict(sorted(years.items()))


def _event(entry: CalendarEntry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("summary", entry.summary)
    if isinstance(entry.starts, datetime):
        starts, ends = _clocks(entry.starts, entry.starts + timedelta(minutes=entry.minutes), entry.zone)
        event.add("dtstart", starts)
        event.add("dtend", ends)
    else:
        event.add("dtstart", entry.starts)
        event.add("dtend", entry.starts + timedelta(days=1))
        event.add("transp", "TRANSPARENT")  # a due date takes nobody's day
    for key, value in (("location", entry.location), ("description", entry.description), ("url", entry.url)):
        if value:
            event.add(key, value)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    return event


def _clocks(starts: datetime, ends: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return two moments on the clock of a zone, or in UTC when one is in the second of two equal hours.

    Of an hour that comes twice, RFC 5545 (3.3.5) reads the first: only UTC can name the second.
    """
    local = starts.astimezone(ZoneInfo(zone)), ends.astimezone(ZoneInfo(zone))
    return (starts.astimezone(UTC), ends.astimezone(UTC)) if any(at.fold for at in local) else local


@lru_cache(maxsize=256)
def _zone_component(zone: str, year: int) -> Timezone:
    """Return the description of a zone from a year on: its clock changes as yearly rules, or its only offset."""
    component = Timezone()
    component.add("tzid", zone)
    changes = _changes(ZoneInfo(zone), year)
    if not changes:
        only = TimezoneStandard()
        at = datetime(year, 1, 1, tzinfo=ZoneInfo(zone))
        _describe(only, at.replace(tzinfo=None), at.utcoffset(), at.utcoffset(), at.tzname())
        component.add_component(only)
    for before, after in changes:
        part = TimezoneDaylight() if after.dst() else TimezoneStandard()
        onset = (after.astimezone(UTC) + (before.utcoffset() or timedelta())).replace(tzinfo=None)
        _describe(part, onset, before.utcoffset(), after.utcoffset(), after.tzname())
        week = -1 if onset.day >= LAST_WEEK else (onset.day - 1) // 7 + 1
        part.add("rrule", vRecur(freq="YEARLY", bymonth=onset.month, byday=f"{week}{DAYS[onset.weekday()]}"))
        component.add_component(part)
    return component


def _describe(
    part: TimezoneStandard | TimezoneDaylight,
    onset: datetime,
    before: timedelta | None,
    after: timedelta | None,
    name: str | None,
) -> None:
    """Add when an offset begins, on the clock before it, and both offsets."""
    part.add("dtstart", onset)
    part.add("tzoffsetfrom", before)
    part.add("tzoffsetto", after)
    part.add("tzname", name)


def _changes(zone: ZoneInfo, year: int) -> list[tuple[datetime, datetime]]:
    """Return the clock changes of a year, each as the last hour before it and the first moment after it."""
    first = datetime(year, 1, 1, tzinfo=UTC)
    hours = [(first + timedelta(hours=n)).astimezone(zone) for n in range(HOURS_OF_A_YEAR)]
    return [(before, after) for before, after in pairwise(hours) if before.utcoffset() != after.utcoffset()]
