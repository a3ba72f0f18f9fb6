"""Calendar files: two libraries read them alike, across both clock changes, in each time zone of Quebec."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from app.network.colleges.rules import QUEBEC_ZONES
from app.platform.documents.calendar_file import CalendarEntry, calendar_file

CHANGED = datetime(2026, 11, 1, tzinfo=UTC)
AUTUMN = [datetime(2026, 10, 31, 12, 30, tzinfo=UTC) + timedelta(hours=n) for n in range(40)]
SPRING = [datetime(2027, 3, 13, 12, 30, tzinfo=UTC) + timedelta(hours=n) for n in range(40)]


def entry(starts: datetime | date, zone: str = "America/Toronto", **change: object) -> CalendarEntry:
    """Return an entry of three hours."""
    values = {"uid": f"{starts.isoformat()}@essai", "sequence": 0, "changed_at": CHANGED, "summary": "Séance"}
    return CalendarEntry(**{**values, "starts": starts, "zone": zone, "minutes": 180, **change})  # type: ignore[arg-type]


def read_by_icalendar(content: bytes) -> dict[str, tuple[datetime, datetime]]:
    """Return the moments of each entry, in UTC, as ``icalendar`` reads them with the zones of the file itself."""
    calendar = icalendar.Calendar.from_ical(content)
    assert not calendar.errors
    assert not any(event.errors for event in calendar.events)
    return {
        str(e["uid"]): (e.decoded("dtstart").astimezone(UTC), e.decoded("dtend").astimezone(UTC))
        for e in calendar.events
    }


def read_by_vobject(content: bytes) -> dict[str, tuple[datetime, datetime]]:
    """Return the same as ``vobject`` reads them, which takes the offsets of the file's VTIMEZONE."""
    calendar = vobject.readOne(content.decode())
    assert calendar.validate(raiseException=True)
    return {
        event.uid.value: (event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC))
        for event in calendar.vevent_list
    }


@pytest.mark.parametrize("zone", QUEBEC_ZONES)
@pytest.mark.parametrize("moments", [AUTUMN, SPRING], ids=["autumn", "spring"])
def test_every_hour_around_a_clock_change_is_read_as_it_is_by_both_libraries(
    zone: str, moments: list[datetime]
) -> None:
    entries = [entry(moment, zone) for moment in moments]
    content = calendar_file("Essai", entries)
    expected = {e.uid: (moment, moment + timedelta(hours=3)) for e, moment in zip(entries, moments, strict=True)}
    assert read_by_icalendar(content) == expected
    assert read_by_vobject(content) == expected


def offsets(component: icalendar.Timezone, year: int) -> Iterator[tuple[datetime, timedelta]]:
    """Yield the moments (UTC) and offsets of a zone's changes in a year, as RFC 5545 reads its rules."""
    parts: list[Any] = component.subcomponents
    for part in parts:
        rule = part.get("rrule")
        if rule is None:
            continue
        [month], [day] = rule["BYMONTH"], rule["BYDAY"]
        week, name = int(str(day)[:-2]), str(day)[-2:]
        assert name == "SU"
        sundays = [d for n in range(1, 32) if (d := day_of(year, int(month), n)) is not None and d.weekday() == 6]
        onset = datetime.combine(sundays[week - 1 if week > 0 else week], part["dtstart"].dt.time(), UTC)
        yield onset - part["tzoffsetfrom"].td, part["tzoffsetto"].td


def day_of(year: int, month: int, day: int) -> date | None:
    """Return a day of a month, or nothing when it has none of that number."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


@pytest.mark.parametrize("zone", [*QUEBEC_ZONES, "Europe/Paris"])
def test_rules_of_a_zone_give_its_changes_of_the_next_ten_years(zone: str) -> None:
    calendar = icalendar.Calendar.from_ical(calendar_file("Essai", [entry(AUTUMN[0], zone)]))
    [component] = calendar.timezones
    assert str(component["tzid"]) == zone
    for year in range(2026, 2036):
        for moment, offset in offsets(component, year):
            before, after = (
                (moment - timedelta(seconds=1)).astimezone(ZoneInfo(zone)),
                moment.astimezone(ZoneInfo(zone)),
            )
            assert before.utcoffset() != after.utcoffset() == offset, (year, moment)


def test_second_of_two_equal_hours_is_written_in_utc_and_the_others_on_the_clock_of_their_zone() -> None:
    first, second = datetime(2026, 11, 1, 4, 30, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    text = calendar_file("Essai", [entry(m, "America/Halifax", minutes=15) for m in (first, second)]).decode()
    assert "DTSTART;TZID=America/Halifax:20261101T013000\r\n" in text
    assert "DTSTART:20261101T053000Z\r\n" in text


def test_cancelled_entry_says_so_and_a_day_takes_nobody_s_time() -> None:
    content = calendar_file(
        "Essai", [entry(AUTUMN[0], sequence=3, is_cancelled=True, location="Salle, B; 2"), entry(date(2026, 11, 6))]
    )
    cancelled, due = icalendar.Calendar.from_ical(content).events
    assert (str(cancelled["status"]), str(cancelled["sequence"])) == ("CANCELLED", "3")
    assert str(cancelled["location"]) == "Salle, B; 2"
    assert (due.start, due.end, str(due["transp"])) == (date(2026, 11, 6), date(2026, 11, 7), "TRANSPARENT")
    assert vobject.readOne(content.decode()).validate(raiseException=True)


@given(st.text(max_size=200), st.text(max_size=300))
def test_any_text_is_read_back_and_lines_stay_short(summary: str, location: str) -> None:
    content = calendar_file("Essai", [entry(AUTUMN[0], summary=summary or "x", location=location)])
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    [event] = icalendar.Calendar.from_ical(content).events
    assert len(icalendar.Calendar.from_ical(content).events) == 1
    assert str(event["uid"]).endswith("@essai")


def test_same_entries_make_the_same_bytes() -> None:
    entries = [entry(m) for m in AUTUMN[:3]]
    assert calendar_file("Essai", entries) == calendar_file("Essai", list(entries))
