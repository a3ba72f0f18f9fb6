"""A codevelopment session is moved or changed: whom it reaches, what its history keeps, and when it is refused."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import icalendar
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.notifications import texts
from app.notifications.enums import Kind
from app.platform.clock import at
from app.platform.database.transaction import Database
from tests.factories.codev import create_group, plan_session
from tests.factories.cohorts import fields, page
from tests.factories.network import STARTED, World, as_
from tests.factories.notifications import forget_messages, inbox
from tests.factories.venues import HALIFAX, venue_in

FIRST = datetime.combine(STARTED + timedelta(days=40), time(18), UTC)
LATER = FIRST + timedelta(days=7)
LINK = "https://visio.example/j/99"


@pytest.fixture
def meeting(database: Database, world: World) -> int:
    """Plan a session to come of a group; return its id."""
    session = plan_session(database, world, create_group(database, world).id, at=FIRST)
    forget_messages(database)
    return session


def asked(**more: object) -> dict[str, Any]:
    """Return a change as a program asks for it."""
    moved = {"sequence": 0, "starts_at": LATER.isoformat(), "planned_minutes": 120, "mode": "onsite"}
    return {**moved, "reason": "weather", **more}


def changes_of(meeting: int) -> str:
    """Return the address where a session is moved."""
    return f"/api/v1/codev/sessions/{meeting}/changes"


def test_moved_session_is_told_to_its_group_keeps_what_it_was_and_rises_in_the_feeds(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    islands = venue_in(database, world.alma, "Centre des Îles", HALIFAX)
    as_(client, database, world, "maude")
    address = client.post("/api/v1/me/calendar-feeds", json={}).json()["address"]
    path = "/calendriers/" + address.rpartition("/")[2]

    def entry() -> Any:
        file = icalendar.Calendar.from_ical(client.get(path).content)
        [found] = [e for e in file.events if str(e["uid"]).startswith(f"codev-{meeting}@")]
        return found

    before = entry()
    as_(client, database, world, "coordinator")
    with at(datetime.now(UTC) + timedelta(minutes=5)):
        moved = client.post(changes_of(meeting), json=asked(venue_id=islands))
    assert moved.status_code == 201, moved.text
    assert (moved.json()["sequence"], moved.json()["timezone"]) == (1, HALIFAX)
    assert moved.json()["venue"]["name"] == "Centre des Îles"
    after = entry()
    assert (int(before["sequence"]), int(after["sequence"])) == (0, 1)
    assert str(before["uid"]) == str(after["uid"])
    assert after.decoded("dtstart").astimezone(UTC) == LATER
    assert before.decoded("dtstamp") < after.decoded("dtstamp")
    as_(client, database, world, "maude")
    [was] = client.get(f"/api/v1/codev/sessions/{meeting}/past-times").json()
    assert (datetime.fromisoformat(was["starts_at"]), was["reason"], was["venue"]) == (FIRST, "weather", None)
    for who in ("maude", "karim", "elise", "yves", "facilitator"):
        [title] = inbox(database, world, who)
        assert title.startswith("Séance de codéveloppement déplacée ou modifiée : ")
    for who in ("coordinator", "trainer", "nobody"):
        assert inbox(database, world, who) == []
    with database.engine.connect() as owner:
        params = owner.execute(text("select params from notification limit 1")).scalar_one()
    body = texts.body(Kind.CODEV_MOVED, params)
    assert texts.moment(FIRST, "America/Toronto", named=True) in body
    assert texts.moment(LATER, HALIFAX) in body
    assert "météo" not in body, "no reason leaves for an e-mail"


def test_link_alone_tells_nobody_and_is_kept_until_it_is_taken_away(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    as_(client, database, world, "coordinator")
    online = {"mode": "online", "reason": "venue"}
    assert client.post(changes_of(meeting), json=asked(meeting_link=LINK, **online)).json()["has_link"] is True
    forget_messages(database)
    kept = client.post(changes_of(meeting), json=asked(sequence=1, planned_minutes=90, **online))
    assert kept.json()["has_link"] is True
    assert len(inbox(database, world, "maude")) == 1
    gone = client.post(changes_of(meeting), json=asked(sequence=2, planned_minutes=90, without_link=True, **online))
    assert (gone.status_code, gone.json()["has_link"]) == (201, False)
    assert len(inbox(database, world, "maude")) == 1


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"sequence": 3}, (409, "stale", "session_stale")),
        ({"starts_at": "2035-01-05T15:00:00Z"}, (422, "invalid", "session_far_from_cohort")),
        ({"mode": "onsite", "meeting_link": LINK}, (422, "invalid", "meeting_link_onsite")),
        ({"reason": "Son enfant est malade."}, (422, "invalid", None)),
    ],
)
def test_change_that_cannot_be_is_refused_and_writes_nothing(
    client: TestClient, database: Database, world: World, change: dict[str, Any], refusal: tuple[int, str, str | None]
) -> None:
    meeting = plan_session(database, world, create_group(database, world).id, at=FIRST)
    as_(client, database, world, "coordinator")
    answer = client.post(changes_of(meeting), json=asked(**change))
    status, code, reason = refusal
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert reason is None or answer.json()["errors"][0]["code"] == reason
    assert client.get(f"/api/v1/codev/sessions/{meeting}/past-times").json() == []


def test_session_that_is_unchanged_cancelled_or_of_another_is_not_moved(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    as_(client, database, world, "coordinator")
    now_ = client.get(f"/api/v1/codev/sessions/{meeting}").json()
    same = asked(**{name: now_[name] for name in ("starts_at", "planned_minutes", "mode")})
    answer = client.post(changes_of(meeting), json=same)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "session_unchanged")
    assert client.post(f"/api/v1/codev/sessions/{meeting}/cancellation").status_code == 200
    cancelled = client.post(changes_of(meeting), json=asked(sequence=1))
    assert (cancelled.status_code, cancelled.json()["code"]) == (409, "session_cancelled")
    assert "Cette séance est annulée" in page(client.get(f"/codev/seances/{meeting}/modification"))
    for who, status in (("facilitator", 403), ("maude", 403), ("other_coordinator", 404)):
        as_(client, database, world, who)
        assert client.post(changes_of(meeting), json=asked(sequence=1)).status_code == status


def test_session_is_moved_by_page_once_its_clashes_are_read(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    path = f"/codev/seances/{meeting}/modification"
    as_(client, database, world, "coordinator")
    workshop = {"activity_code": "GEN-3.B", "starts_at": LATER.isoformat()}
    assert client.post(f"/api/v1/cohorts/{world.cohort}/sessions", json=workshop).status_code == 201
    assert f'href="{path}"' in page(client.get(f"/codev/seances/{meeting}"))
    day = LATER.date().isoformat()
    sent = {**fields(page(client.get(path)), path), "day": day, "reason": "quorum"}
    html = page(client.post(path, data=sent), 409)
    assert 'name="clashes_seen"' in html
    seen = html.partition('name="clashes_seen"')[2].partition('value="')[2].partition('"')[0]
    assert client.post(path, data={**sent, "clashes_seen": seen}).status_code == 303
    as_(client, database, world, "maude")
    html = page(client.get(f"/codev/seances/{meeting}"))
    assert "Avant ses changements" in html
    assert "trop peu de personnes présentes" in html
    assert path not in html, "a member moves nothing"
