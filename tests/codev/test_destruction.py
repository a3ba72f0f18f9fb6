"""The destruction of what a group wrote: confirmed by its college, told a week before, whole, and nothing else."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.codev.destruction.service import tell_and_destroy
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.messages.i18n import day, local
from tests.factories.codev import SHEET, create_group, plan_session, write_sheet
from tests.factories.cohorts import page
from tests.factories.network import World, as_
from tests.factories.notifications import inbox

V1 = "/api/v1"
DAY = timedelta(days=1)
REVIEW = now() + 2 * DAY


@pytest.fixture
def sheet(database: Database, world: World) -> int:
    """Write a sheet and a journal entry for the last session of a path, its review; return the sheet's id."""
    session = plan_session(database, world, create_group(database, world).id, "GEN-7.D", REVIEW)
    return write_sheet(database, world, session, "maude")


def run(database: Database, days: int) -> tuple[int, int]:
    """Run the job some days after the review."""
    with at(REVIEW + days * DAY), database.as_owner() as db:
        return tell_and_destroy(db)


def kept(database: Database) -> tuple[int, int]:
    """Return how many texts and keys there are."""
    with database.engine.connect() as owner:
        texts = owner.execute(text("select count(*) from codev_confidence")).scalar_one()
        keys = owner.execute(text("select count(*) from codev_group_key where key_sealed is not null")).scalar_one()
    return texts, keys


def test_nothing_is_destroyed_before_the_college_confirms_a_schedule(
    client: TestClient, database: Database, world: World, sheet: int
) -> None:
    assert run(database, 400) == (0, 0)
    as_(client, database, world, "coordinator")
    address = f"/colleges/{world.alma}/confidences"
    assert f'href="{address}"' in page(client.get("/codev"))
    html = page(client.get(address))
    assert "Aucun délai n’est confirmé" in html
    assert 'value="30"' in html, "what is proposed"
    refused = client.post(address, data={"days": "3", "essai": "true"})
    assert (refused.status_code, 'value="3"' in refused.text) == (422, True)
    with at(REVIEW + 5 * DAY):
        as_(client, database, world, "coordinator")
        dry = client.get(f"{V1}{address}").json()["groups"]
    [group] = dry
    assert (group["texts"], group["destroyed_from"], group["destroyed_at"]) == (1, None, None), "nothing is confirmed"
    assert group["over_on"] is not None
    assert kept(database) == (1, 1)
    assert sheet


def test_people_are_told_a_week_before_then_key_and_texts_go_together_and_facts_stay(
    client: TestClient, database: Database, world: World, sheet: int
) -> None:
    as_(client, database, world, "maude")
    client.post(f"{V1}/codev/groups/1/journal", json={"text": "Entre moi et moi."})
    as_(client, database, world, "coordinator")
    confirmed = client.put(f"{V1}/colleges/{world.alma}/confidences", json={"days": 30})
    assert (confirmed.status_code, confirmed.json()["days"]) == (200, 30)
    assert run(database, 20) == (0, 0)
    assert run(database, 24) == (1, 0)
    assert run(database, 25) == (0, 0), "once"
    assert [t for t in inbox(database, world, "maude") if t.startswith("Ce que votre groupe a écrit sera détruit")]
    assert kept(database) == (2, 1)
    as_(client, database, world, "maude")
    assert SHEET.question in client.get("/codev/groupes/1/mes-textes").text, "kept by its author until then"
    assert run(database, 30) == (0, 0), "a week after they were told"
    assert run(database, 32) == (0, 1)
    assert run(database, 33) == (0, 0)
    assert kept(database) == (0, 0)
    as_(client, database, world, "karim")
    shown = client.get(f"{V1}/codev/sheets/{sheet}").json()
    assert (shown["content"], shown["submitted_at"] is not None) == (None, True)
    assert "a été détruit" in page(client.get(f"/codev/fiches/{sheet}"))
    refused = client.put(
        f"{V1}/codev/sessions/1/own-sheet", json=SHEET.model_dump(mode="json"), headers={"If-Match": '"0"'}
    )
    assert (refused.status_code, refused.json()["code"]) == (410, "confidences_destroyed")
    as_(client, database, world, "coordinator")
    [group] = client.get(f"{V1}/colleges/{world.alma}/confidences").json()["groups"]
    assert (group["texts"], group["destroyed_at"] is not None) == (0, True)


def dry_run(client: TestClient, database: Database, world: World, days: int | None) -> tuple[str | None, ...]:
    """Return the day that a schedule in force gives the only group, and the one that a number of days would give."""
    as_(client, database, world, "coordinator")
    query = f"?days={days}" if days else ""
    [group] = client.get(f"{V1}/colleges/{world.alma}/confidences{query}").json()["groups"]
    return group["destroyed_from"], group["tried_from"]


def test_what_a_number_of_days_would_destroy_is_seen_before_it_is_confirmed_and_comes_on_that_day(
    client: TestClient, database: Database, world: World, sheet: int
) -> None:
    address = f"/colleges/{world.alma}/confidences"
    over = local(REVIEW, "America/Toronto").date()
    with at(REVIEW + 5 * DAY):
        assert dry_run(client, database, world, None) == (None, str(over + 30 * DAY)), "what is proposed"
        assert dry_run(client, database, world, 10) == (None, str(over + 12 * DAY)), "a week after people are told"
        assert dry_run(client, database, world, 60) == (None, str(over + 60 * DAY))
        tried = client.post(address, data={"days": "20", "essai": "true"})
        assert tried.headers["location"] == f"{address}?jours=20"
        html = page(client.get(tried.headers["location"]))
        assert day(over + 20 * DAY).replace("\xa0", " ") in html
        assert "Ce délai n’est pas confirmé" in html
        assert "Confirmer un délai de 20 jours" in html
        assert kept(database) == (1, 1), "a dry run destroys nothing"
        assert not [title for title in inbox(database, world, "maude") if "détruit" in title], "and tells nobody"
        assert client.post(address, data={"days": "20"}).headers["location"] == address
        assert dry_run(client, database, world, None) == (str(over + 20 * DAY),) * 2
        assert dry_run(client, database, world, 60) == (str(over + 20 * DAY), str(over + 60 * DAY))
    assert [run(database, days) for days in (13, 19, 20)] == [(1, 0), (0, 0), (0, 1)]
    assert kept(database) == (0, 0)
    assert dry_run(client, database, world, 60) == (None, None), "it is done"
    assert sheet


def test_schedule_that_is_taken_back_destroys_nothing_and_confirms_again(
    client: TestClient, database: Database, world: World, sheet: int
) -> None:
    as_(client, database, world, "coordinator")
    address = f"/colleges/{world.alma}/confidences"
    assert client.post(address, data={"days": "10"}).headers["location"] == address
    assert "10 jours" in page(client.get(address))
    assert client.post(address, data={"days": ""}).status_code == 303
    assert run(database, 400) == (0, 0)
    assert client.post(address, data={"days": "10"}).status_code == 303
    assert run(database, 400) == (1, 0), "told first, however late it was confirmed"
    assert run(database, 408) == (0, 1)
    assert sheet
