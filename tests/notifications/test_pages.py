"""The page « Messages » and the API: a person's own messages, the count in the navigation, and reading them."""

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories.cohorts import page
from tests.factories.network import World, api_token, as_
from tests.factories.notifications import forget_messages
from tests.notifications.test_service import admitted, tell

V1 = "/api/v1/me/notifications"


@pytest.fixture
def maude(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client of Maude, who has two messages."""
    forget_messages(database)
    tell(database, world, admitted(world, "maude"), admitted(world, "maude", key="move:2"))
    return as_(client, database, world, "maude")


def test_the_navigation_of_each_page_counts_what_is_unread(maude: TestClient) -> None:
    for path in ("/", "/securite", "/messages"):
        assert '<span class="unread">2<span class="visually-hidden"> non lus</span>' in page(maude.get(path))
    assert maude.post("/messages/lus").headers["location"] == "/messages"
    assert 'class="unread"' not in page(maude.get("/messages"))


def test_opening_a_message_marks_it_and_leads_to_its_page(maude: TestClient) -> None:
    [newest, oldest] = maude.get(V1).json()["items"]
    answer = maude.post(f"/messages/{newest['id']}/lu")
    assert (answer.status_code, answer.headers["location"]) == (303, "/parcours")
    html = page(maude.get("/messages?etat=non_lus"))
    assert f"/messages/{oldest['id']}/lu" in html
    assert f"/messages/{newest['id']}/lu" not in html
    assert "1 message" in html


def test_a_page_without_messages_says_so(client: TestClient, database: Database, world: World) -> None:
    forget_messages(database)
    assert "Aucun message pour l’instant." in page(as_(client, database, world, "nobody").get("/messages"))


def test_the_api_lists_counts_and_marks(maude: TestClient) -> None:
    first = maude.get(V1, params={"limit": 1}).json()
    assert (first["unread"], len(first["items"])) == (2, 1)
    second = maude.get(V1, params={"limit": 1, "after": first["next"]}).json()
    assert second["next"] is None
    marked = maude.post(f"{V1}/{first['items'][0]['id']}/read")
    assert marked.json()["read_at"] is not None
    assert maude.get(V1, params={"unread": "true"}).json()["items"] == second["items"]
    assert maude.post(f"{V1}/read").json() == {"marked": 1}
    assert maude.post(f"{V1}/999999/read").status_code == 404


def test_a_program_reads_messages_and_marks_none(client: TestClient, database: Database, world: World) -> None:
    client.headers["Authorization"] = f"Bearer {api_token(database, world, 'maude', P.ME_READ)}"
    assert client.get(V1).status_code == 200
    assert client.post(f"{V1}/read").status_code == 403
