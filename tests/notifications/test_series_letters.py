"""A series of sessions is told by one message and one letter, which carries each session for one's calendar."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cohorts.enums import CohortState
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.factories.calendars import entry_of_file, letters_to
from tests.factories.cohorts import set_state
from tests.factories.network import PARTICIPANTS, STARTED, World, as_
from tests.factories.notifications import forget_messages, inbox
from tests.notifications.test_mail import NOON

FIRST = STARTED + timedelta(days=40)
SERIES = {"activity_code": "GEN-1.B", "day": FIRST.isoformat(), "clock": "09:30", "number": 4, "place": "Salle 12"}


@pytest.fixture(autouse=True)
def no_messages(database: Database) -> None:
    """Forget what the people of the small network were told while it was made."""
    forget_messages(database)


def plan(client: TestClient, world: World, **more: object) -> list[dict[str, Any]]:
    """Plan a series once its preview was read."""
    path, asked = f"/api/v1/cohorts/{world.cohort}/session-series", {**SERIES, **more}
    shown = client.post(f"{path}/preview", json=asked).json()["shown"]
    answer = client.post(path, json={**asked, "shown": shown})
    assert answer.status_code == 201, answer.text
    planned: list[dict[str, Any]] = answer.json()
    return planned


def test_series_is_one_message_and_one_letter_with_a_file_for_each_session(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    with at(NOON):
        as_(client, database, world, "coordinator")
        planned = plan(client, world)
        for who in (*PARTICIPANTS, "trainer"):
            [title] = inbox(database, world, who)
            assert title.startswith("4 séances ajoutées : ")
        assert inbox(database, world, "coordinator") == [], "whoever planned it knows"
        [letter] = letters_to(database, settings, world.emails["maude"])
    files = list(letter.iter_attachments())
    assert [part.get_filename() for part in files] == [f"seance-{n}.ics" for n in (1, 2, 3, 4)]
    entries = [entry_of_file(part) for part in files]
    assert [str(e["uid"]) for e in entries] == [f"session-{row['id']}@testserver" for row in planned]
    moments = [e.decoded("dtstart").astimezone(UTC).isoformat().replace("+00:00", "Z") for e in entries]
    assert moments == [row["starts_at"] for row in planned]
    body = letter.get_body()
    assert body is not None
    lines = [line for line in body.get_content().splitlines() if line.startswith("- ")]
    assert len(lines) == 4
    assert all("Salle 12" in line or "En ligne" in line for line in lines)
    assert f"http://testserver/cohortes/{world.cohort}/calendrier" in body.get_content()
    with database.engine.connect() as owner:
        kept = "select count(*) from notification where session_entries is not null and letter_id is not null"
        assert owner.execute(text(kept)).scalar_one() == 0, "emptied once the letter is written"


def test_page_that_a_letter_of_a_series_leads_to_is_read_by_those_it_is_for(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    plan(client, world)
    for who in ("maude", "trainer"):
        as_(client, database, world, who)
        [message] = client.get("/api/v1/me/notifications").json()["items"]
        assert client.get(message["page"]).status_code == 200


def test_series_of_a_cohort_that_has_not_begun_is_told_to_nobody(
    client: TestClient, database: Database, world: World
) -> None:
    set_state(database, world, CohortState.OPEN)
    as_(client, database, world, "coordinator")
    plan(client, world)
    assert inbox(database, world, "maude") == []


def test_sessions_of_a_series_that_are_past_are_left_out_and_one_to_come_is_told_alone(
    client: TestClient, database: Database, world: World
) -> None:
    with at(now() + timedelta(days=40)):
        as_(client, database, world, "coordinator")
        plan(client, world, day=(now().date() - timedelta(days=10)).isoformat(), number=3)
    [title] = inbox(database, world, "maude")
    assert title.startswith("Séance ajoutée : ")


def test_series_that_is_past_is_told_to_nobody(client: TestClient, database: Database, world: World) -> None:
    with at(now() + timedelta(days=60)):
        as_(client, database, world, "coordinator")
        plan(client, world, day=(now().date() - timedelta(days=30)).isoformat(), number=3)
    assert inbox(database, world, "maude") == []
