"""Venues: who adds, changes and retires which, one name in a college, time zones of their own (BR-30)."""

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.network import World, as_

ROOM = {
    "name": "Pavillon du Lac, local B-214", "address": "1200, rue des Riverains", "city": "Métabetchouan",
    "accessibility": "Rampe à l’entrée principale.",
}  # fmt: skip


def add(client: TestClient, college: int | None, **change: object) -> dict[str, object]:
    """Add a venue through the API, and return it."""
    answer = client.post("/api/v1/venues", json={**ROOM, "college_id": college, **change})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture
def coordinator(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client signed in as a coordinator."""
    return as_(client, database, world, "coordinator")


def test_venue_added_by_a_coordinator_is_of_their_college(coordinator: TestClient, world: World) -> None:
    venue = add(coordinator, world.alma)
    assert (venue["college"], venue["timezone"], venue["retired_at"]) == ("Collège d’Alma", "America/Toronto", None)
    assert coordinator.get(f"/api/v1/venues/{venue['id']}").json() == venue
    elsewhere = coordinator.post("/api/v1/venues", json={**ROOM, "college_id": world.rouyn})
    assert elsewhere.status_code == 404


def test_venue_of_the_network_is_the_administrators_and_everyone_plans_there(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    refused = client.post("/api/v1/venues", json=ROOM)
    assert (refused.status_code, refused.json()["code"]) == (403, "venue_of_network")
    as_(client, database, world, "admin")
    venue = add(client, None)
    as_(client, database, world, "other_coordinator")
    [listed] = client.get("/api/v1/venues").json()["items"]
    assert (listed["id"], listed["may_change"]) == (venue["id"], False)
    assert client.put(f"/api/v1/venues/{venue['id']}", json=ROOM).status_code == 404
    assert f'href="/lieux/{venue["id"]}"' not in client.get("/lieux").text


def test_venue_name_is_one_in_a_college_whatever_its_accents(
    client: TestClient, coordinator: TestClient, database: Database, world: World
) -> None:
    venue = add(coordinator, world.alma)
    same = {**ROOM, "college_id": world.alma, "name": "PAVILLON du lac, local B 214"}
    taken = coordinator.post("/api/v1/venues", json=same)
    assert (taken.status_code, taken.json()["errors"][0]["code"]) == (409, "venue_exists")
    assert taken.json()["errors"][0]["field"] == "name"
    assert coordinator.put(f"/api/v1/venues/{venue['id']}", json=ROOM).status_code == 200, "its own name is no other's"
    as_(client, database, world, "other_coordinator")
    add(client, world.rouyn)


def test_venue_has_a_time_zone_of_its_own(coordinator: TestClient, world: World) -> None:
    venue = add(coordinator, world.alma, timezone="America/Halifax")
    assert venue["timezone"] == "America/Halifax"
    assert "heure de l’Atlantique" in coordinator.get("/lieux").text
    answer = coordinator.put(f"/api/v1/venues/{venue['id']}", json={**ROOM, "timezone": "Amerique/Alma"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_timezone")


def test_venue_retired_leaves_the_list_and_comes_back(coordinator: TestClient, world: World) -> None:
    venue = add(coordinator, world.alma)
    path = f"/api/v1/venues/{venue['id']}"
    assert coordinator.post(f"{path}/return").json()["code"] == "venue_not_retired"
    assert coordinator.post(f"{path}/retirement").json()["retired_at"] is not None
    assert coordinator.post(f"{path}/retirement").json()["code"] == "venue_retired"
    assert coordinator.get("/api/v1/venues").json()["items"] == []
    assert str(venue["name"]) in coordinator.get("/lieux", params={"etat": "retire"}).text
    assert coordinator.post(f"{path}/return").json() == venue
    assert len(coordinator.get("/api/v1/venues").json()["items"]) == 1


def test_venue_whose_name_was_taken_since_does_not_come_back(coordinator: TestClient, world: World) -> None:
    venue = add(coordinator, world.alma)
    coordinator.post(f"/api/v1/venues/{venue['id']}/retirement")
    add(coordinator, world.alma)
    answer = coordinator.post(f"/api/v1/venues/{venue['id']}/return")
    assert (answer.status_code, answer.json()["code"]) == (409, "venue_exists")
    renamed = {**ROOM, "name": "Ancien local B-214"}
    assert coordinator.put(f"/api/v1/venues/{venue['id']}", json=renamed).status_code == 200
    assert coordinator.post(f"/api/v1/venues/{venue['id']}/return").status_code == 200


def test_venue_search_ignores_accents_and_looks_into_the_city(coordinator: TestClient, world: World) -> None:
    add(coordinator, world.alma)
    for search, found in (("metabetchouan", 1), ("LAC pavillon", 1), ("Roberval", 0)):
        assert len(coordinator.get("/api/v1/venues", params={"search": search}).json()["items"]) == found


def test_venue_form_that_is_refused_keeps_everything_typed(coordinator: TestClient, world: World) -> None:
    form = {**ROOM, "college_id": world.alma, "name": "", "timezone": "America/Halifax"}
    page = coordinator.post("/lieux", data=form)
    assert page.status_code == 422
    assert 'value="Métabetchouan"' in page.text
    assert "Rampe à l’entrée principale." in page.text
    assert '<option value="America/Halifax" selected>' in page.text


def test_venue_in_a_closed_college_is_not_added(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "admin")
    client.post(f"/api/v1/colleges/{world.alma}/closure", json={"reason": "Départ."})
    answer = client.post("/api/v1/venues", json={**ROOM, "college_id": world.alma})
    assert (answer.status_code, answer.json()["code"]) == (409, "college_closed")
    assert "Collège d’Alma</option>" not in client.get("/lieux").text


def test_venue_page_offers_what_its_state_allows(coordinator: TestClient, world: World) -> None:
    added = coordinator.post("/lieux", data={**ROOM, "college_id": world.alma})
    assert added.status_code == 303
    [venue] = coordinator.get("/api/v1/venues").json()["items"]
    path = f"/lieux/{venue['id']}"
    assert "Retirer le lieu" in coordinator.get(path).text
    assert coordinator.post(f"{path}/retrait").headers["location"] == path
    page = coordinator.get(path).text
    assert "Remettre en service" in page
    assert "Retirer le lieu" not in page
