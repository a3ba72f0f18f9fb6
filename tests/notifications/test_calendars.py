"""The calendar file of an e-mail about a session: an entry that calendars replace when the session changes."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import icalendar
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.attendance.calendar.notices import remind
from app.network.colleges.rules import QUEBEC_ZONES
from app.notifications.enums import Kind, MailChoice
from app.notifications.letters import write_letters
from app.notifications.rules import AT_ANY_HOUR, CHOICES, ON_A_SESSION
from app.notifications.schemas import Event
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.messages.rules import LetterState
from tests.factories.calendars import cancel, carried, change, letters_to, session_entry
from tests.factories.codev import create_group, plan_session
from tests.factories.cohorts import meeting
from tests.factories.mail_server import DROP, listening
from tests.factories.network import STARTED, World, as_
from tests.factories.notifications import forget_messages
from tests.factories.outbox import deliver
from tests.factories.venues import HALIFAX, venue_in
from tests.notifications.test_mail import NOON
from tests.notifications.test_service import admitted, tell

LINK = "https://visio.example/j/815"
LATER = datetime.combine(STARTED + timedelta(days=41), time(17, 30), UTC)


@pytest.fixture(autouse=True)
def no_messages(database: Database) -> None:
    """Forget what the people of the small network were told while it was made."""
    forget_messages(database)


def moved(world: World, entry: Any) -> Event:
    """Return a session of Maude's that has changed."""
    params = {"cohort": "G", "activity": "Atelier", "starts_at": entry.starts_at, "timezone": entry.timezone}
    return Event(
        Kind.SESSION_RESTORED, f"session:{entry.id}", [world.people["maude"]], "/parcours", params, world.alma, (entry,)
    )


def feed_of(client: TestClient, database: Database, world: World, who: str) -> Any:
    """Return the address of someone's own calendar."""
    as_(client, database, world, who)
    return "/calendriers/" + client.post("/api/v1/me/calendar-feeds", json={}).json()["address"].rpartition("/")[2]


def in_feed(client: TestClient, path: str, uid: str) -> Any:
    """Return an entry of a feed."""
    [event] = [e for e in icalendar.Calendar.from_ical(client.get(path).content).events if str(e["uid"]) == uid]
    return event


def test_moved_cancelled_session_is_the_entry_of_the_feeds_with_a_higher_sequence_in_each_letter(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    session = meeting(database, world, days=40)
    path = feed_of(client, database, world, "maude")
    islands = venue_in(database, world.alma, "Centre des Îles", HALIFAX)
    entries = []
    for number in range(2):
        if number == 0:
            change(database, world, session, starts_at=LATER, venue_id=islands, place="")
        else:
            cancel(database, world, session)
        letter = letters_to(database, settings, world.emails["maude"])[-1]  # by day, that of its addition left before
        entry = carried(letter)
        fed = in_feed(client, path, str(entry["uid"]))
        ours = {key: value for key, value in entry.items() if key not in {"DTSTAMP", "ORGANIZER"}}
        assert ours == {key: value for key, value in fed.items() if key != "DTSTAMP"}
        entries.append(entry)
    assert [str(e["uid"]) for e in entries] == [f"session-{session}@testserver"] * 2
    assert [int(str(e["sequence"])) for e in entries] == [1, 2]
    assert [str(e["status"]) for e in entries] == ["CONFIRMED", "CANCELLED"]
    assert entries[0]["dtstart"].params["TZID"] == HALIFAX
    assert entries[0].decoded("dtstart").astimezone(UTC) == LATER
    assert str(entries[0]["location"]) == "Centre des Îles, 1, chemin du Phare, Havre-Aubert"
    assert str(entries[0]["organizer"]) == "mailto:escouade@testserver"


def test_letter_about_a_session_is_its_text_and_one_file_to_open(
    database: Database, world: World, settings: Settings
) -> None:
    tell(database, world, moved(world, session_entry()))
    [letter] = letters_to(database, settings, world.emails["maude"])
    assert letter.get_content_type() == "multipart/mixed"
    body = letter.get_body()
    assert body is not None
    assert "http://testserver/parcours" in body.get_content()
    [part] = letter.iter_attachments()
    assert (part.get_content_type(), part.get_content_disposition()) == ("text/calendar", "attachment")
    assert part["content-type"].params == {"method": "PUBLISH", "charset": "UTF-8"}
    assert part.get_filename() == "seance.ics"
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert b"X-WR-CALNAME" not in content, "Outlook would open it as another calendar"
    assert content.count(b"\r\n") == content.count(b"\n")


@pytest.mark.parametrize("zone", QUEBEC_ZONES)
@pytest.mark.parametrize("day", ["2027-03-13", "2027-03-14", "2027-11-06", "2027-11-07"])
def test_session_of_a_letter_is_at_its_moment_on_both_sides_of_a_clock_change(
    database: Database, world: World, settings: Settings, zone: str, day: str
) -> None:
    starts_at = datetime.fromisoformat(f"{day}T04:30:00+00:00")
    for n in range(4):
        tell(
            database, world, moved(world, session_entry(id=n, starts_at=starts_at + timedelta(hours=n), timezone=zone))
        )
    for n, letter in enumerate(letters_to(database, settings, world.emails["maude"])):
        entry = carried(letter)
        moments = [entry.decoded(key).astimezone(UTC) for key in ("dtstart", "dtend")]
        assert moments == [starts_at + timedelta(hours=n), starts_at + timedelta(hours=n + 3)]
        assert entry["dtstart"].params.get("TZID", "UTC") in {zone, "UTC"}


def test_messages_of_other_kinds_carry_no_file_and_those_about_a_session_always_do(
    database: Database, world: World, settings: Settings
) -> None:
    with at(NOON):
        tell(database, world, admitted(world, "maude"))
        [letter] = letters_to(database, settings, world.emails["maude"])
    assert list(letter.iter_attachments()) == []
    entry = session_entry()
    without = Event(Kind.SESSION_CANCELLED, "x", [1], "/", moved(world, entry).params, world.alma)
    beside = Event(Kind.ADMITTED, "x", [1], "/", {"cohort": "G", "starts_on": STARTED}, world.alma, (entry,))
    for event in (without, beside):
        with pytest.raises(ValueError, match="one is without the other"):
            tell(database, world, event)


def test_no_session_is_in_a_digest() -> None:
    told = {Kind.SESSION_PLANNED, Kind.SERIES_PLANNED, Kind.CODEV_PLANNED, Kind.SESSION_TOMORROW}
    assert AT_ANY_HOUR | told == ON_A_SESSION
    assert {kind for kind in Kind if kind.value.startswith(("session_", "series_", "codev_"))} == ON_A_SESSION
    assert all(CHOICES[kind] == (MailChoice.AT_ONCE,) for kind in ON_A_SESSION)


def test_codevelopment_session_is_in_the_letters_of_its_group_without_its_name(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    group = create_group(database, world)
    session = plan_session(database, world, group.id, at=datetime.combine(STARTED + timedelta(days=40), time(18), UTC))
    forget_messages(database)
    as_(client, database, world, "coordinator")
    change = {"sequence": 0, "starts_at": LATER.isoformat(), "planned_minutes": 120, "mode": "onsite"}
    answer = client.post(f"/api/v1/codev/sessions/{session}/changes", json={**change, "reason": "weather"})
    assert answer.status_code == 201, answer.text
    for who in ("maude", "facilitator"):
        [letter] = letters_to(database, settings, world.emails[who])
        entry = carried(letter)
        assert (str(entry["uid"]), int(str(entry["sequence"]))) == (f"codev-{session}@testserver", 1)
        assert entry.decoded("dtstart").astimezone(UTC) == LATER
        assert str(entry["summary"]).startswith("Codéveloppement")
        assert group.name not in letter.as_string()


@pytest.mark.parametrize(("hour", "is_shown"), [(12, False), (14, True)])
def test_meeting_link_is_in_the_file_of_a_reminder_from_a_day_before(
    database: Database, world: World, settings: Settings, hour: int, *, is_shown: bool
) -> None:
    session = meeting(database, world, days=40)
    change(database, world, session, meeting_link=LINK, mode="online")
    with at(datetime.combine(STARTED + timedelta(days=39), time(hour), UTC)):
        change(database, world, session, planned_minutes=90, mode="online", sequence=1)
        *_, letter = letters_to(database, settings, world.emails["maude"])
    assert (LINK in str(carried(letter).get("description"))) is is_shown
    with database.engine.connect() as owner:
        kept = text("select count(*) from notification where session_entries::text like '%visio%'")
        assert owner.execute(kept).scalar_one() == 0, "a link stands in no message once its letter is written"


def test_reminder_carries_the_session_and_its_row_waits_for_the_morning(
    database: Database, world: World, settings: Settings
) -> None:
    session = meeting(database, world, days=40)
    forget_messages(database)
    rows = text("select count(*) from notification where session_entries is not null")
    night = datetime.combine(STARTED + timedelta(days=40), time(2), UTC)  # in the evening, in Quebec
    with at(night), database.as_owner() as db:
        remind(db)
    with at(night):
        write_letters(database, settings)
    with database.engine.connect() as owner:
        assert owner.execute(rows).scalar_one() == 5
    with at(night + timedelta(hours=10)):
        [letter] = letters_to(database, settings, world.emails["maude"])
    assert str(carried(letter)["uid"]) == f"session-{session}@testserver"
    with database.engine.connect() as owner:
        assert owner.execute(rows).scalar_one() == 0


def test_letter_sent_again_is_the_same_to_the_byte_and_its_file_is_then_destroyed(
    database: Database, world: World, settings: Settings
) -> None:
    tell(database, world, moved(world, session_entry()))
    write_letters(database, settings)
    left = text("select state, calendar is null, body = '' from letter")
    with listening() as server:

        def lose_the_answer() -> None:
            server.answers["ACCEPTED"] = DROP

        server.on_received = lose_the_answer
        by_smtp = settings.model_copy(update={"smtp_url": server.url})
        assert deliver(database, by_smtp) == 0
        with database.engine.connect() as owner:
            assert owner.execute(left).all() == [(LetterState.RETRYING, False, False)]
        server.answers.clear()
        server.on_received = server.answers.clear
        with at(now() + timedelta(hours=1)):
            assert deliver(database, by_smtp) == 1
        first, second = (data for _, _, data in server.received)
        assert first == second
    with database.engine.connect() as owner:
        assert owner.execute(left).all() == [(LetterState.SENT, True, True)]
