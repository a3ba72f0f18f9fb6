"""API tokens: limited to some permissions, expiring, never beyond their person, never over their person's account."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.identity.roles.service import revoke_role
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.security.guards import PermissionGuard
from app.platform.security.permissions import PERSONAL, Permission, Role
from tests.access.test_every_route_is_guarded import guarded_routes
from tests.factories.network import World, api_token, as_

TOKENS = "/api/v1/me/api-tokens"


def create_token(client: TestClient, *permissions: str, **fields: object) -> dict[str, object]:
    """Create a token of the signed-in person and return it."""
    answer = client.post(TOKENS, json={"name": "Relevé du soir", "permissions": permissions, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def token_headers(token: object) -> dict[str, str]:
    """Return the headers of a program with a token."""
    return {"Authorization": f"Bearer {token}"}


def change(database: Database, statement: str, **values: object) -> None:
    """Execute a statement as the owner of the database."""
    with database.engine.begin() as connection:
        connection.execute(text(statement), values)


def test_api_token_is_limited_to_its_permissions(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    token = create_token(client, "cohort:read")
    assert str(token["token"]).startswith("esc_")
    assert client.get("/api/v1/cohorts", headers=token_headers(token["token"])).status_code == 200
    for path in (f"/api/v1/colleges/{world.alma}/people", "/api/v1/me", "/api/v1/enterprises", TOKENS):
        assert client.get(path, headers=token_headers(token["token"])).status_code == 403, path
        assert client.get(path).status_code == 200, path


def test_api_token_is_shown_once_and_stored_as_a_digest(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    token = create_token(client, "people:read", "cohort:read")
    listed = client.get(TOKENS).json()["items"]
    assert listed == [{k: v for k, v in token.items() if k != "token"}]
    assert listed[0]["permissions"] == ["people:read", "cohort:read"]
    with database.engine.connect() as connection:
        (row,) = connection.execute(text("select api_token::text from api_token")).scalars().all()
    assert str(token["token"]) not in row
    assert str(token["token"]).removeprefix("esc_") not in row


@pytest.mark.parametrize("permission", ["people:manage", "certificate:issue", "network:manage", *sorted(PERSONAL)])
def test_api_token_beyond_its_person_is_refused(
    client: TestClient, database: Database, world: World, permission: str
) -> None:
    as_(client, database, world, "coordinator")
    answer = client.post(TOKENS, json={"name": "Trop", "permissions": ["cohort:read", permission]})
    assert (answer.status_code, answer.json()["code"]) == (422, "token_beyond_yours")
    assert answer.json()["errors"][0]["params"] == {"permission": permission}
    assert client.get(TOKENS).json()["items"] == []


@pytest.mark.parametrize(
    "fields", [{"permissions": []}, {"permissions": ["tout"]}, {"days": 0}, {"days": 366}, {"name": " "}]
)
def test_api_token_invalid_is_refused(
    client: TestClient, database: Database, world: World, fields: dict[str, object]
) -> None:
    as_(client, database, world, "maude")
    assert client.post(TOKENS, json={"name": "x", "permissions": ["me:read"], **fields}).status_code == 422


def test_api_token_loses_the_permissions_that_its_person_loses(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "trainer")
    token = create_token(client, "judgement:make", "me:read")
    cohort = f"/api/v1/cohorts/{world.cohort}"
    assert client.get("/api/v1/me", headers=token_headers(token["token"])).status_code == 200
    assert client.get(cohort, headers=token_headers(token["token"])).status_code == 403
    queue = "/api/v1/me/judgement-queue"
    before = client.get(queue, headers=token_headers(token["token"])).status_code
    with database.transaction(colleges=[world.alma]) as db:
        revoke_role(db, world.people["trainer"], Role.TRAINER, cohort_id=world.cohort)
        revoke_role(db, world.people["trainer"], Role.TRAINER)
    assert client.get(queue, headers=token_headers(token["token"])).status_code == 403
    assert before == 200


def test_api_token_never_manages_its_persons_account(
    client: TestClient, database: Database, world: World, site: FastAPI
) -> None:
    """Not even a token whose row holds the permission."""
    headers = token_headers(api_token(database, world, "maude", *Permission))
    personal = [
        route
        for route, guards in guarded_routes(site)
        if isinstance(guards[0], PermissionGuard) and guards[0].permission in PERSONAL
    ]  # fmt: skip
    assert len(personal) > 20
    for route in personal:
        method, path = route.split(" ")
        answer = client.request(method, re.sub(r"\{\w+\}", "1", path), headers=headers)
        assert answer.status_code == 403, route
    assert client.get("/api/v1/me", headers=headers).status_code == 200


def test_api_token_expires_as_requested(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    for days, fields in ((90, {}), (1, {"days": 1}), (365, {"days": 365})):
        token = create_token(client, "me:read", **fields)
        ends = client.get(TOKENS).json()["items"][0]["expires_at"]
        assert abs(now() + timedelta(days=days) - type(now()).fromisoformat(ends)) < timedelta(minutes=1)
        assert client.get("/api/v1/me", headers=token_headers(token["token"])).status_code == 200
    change(database, "update api_token set expires_at = now()")
    assert client.get("/api/v1/me", headers=token_headers(token["token"])).status_code == 401
    assert client.get(TOKENS).json()["items"] == []


def test_api_token_revoked_by_its_person_is_refused(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    first, second = create_token(client, "me:read"), create_token(client, "me:read")
    as_(client, database, world, "karim")
    assert client.get(TOKENS).json()["items"] == []
    refused = client.delete(f"{TOKENS}/{first['id']}")
    assert (refused.status_code, refused.content) == (404, client.delete(f"{TOKENS}/999999").content)
    as_(client, database, world, "maude")
    assert client.delete(f"{TOKENS}/{first['id']}").status_code == 204
    assert client.get("/api/v1/me", headers=token_headers(first["token"])).status_code == 401
    assert client.get("/api/v1/me", headers=token_headers(second["token"])).status_code == 200
    assert client.delete(f"{TOKENS}/{first['id']}").status_code == 404


def test_api_token_shows_its_last_use(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    token = create_token(client, "me:read")
    assert client.get(TOKENS).json()["items"][0]["seen_at"] is None
    client.get("/api/v1/me", headers=token_headers(token["token"]))
    assert client.get(TOKENS).json()["items"][0]["seen_at"] is not None


def test_api_token_created_and_revoked_on_pages(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    form = client.get("/securite/jetons").text
    assert 'value="cohort:manage"' in form
    assert 'value="certificate:issue"' not in form
    assert 'value="me:manage"' not in form
    body = {"name": "Tableau <b>du collège</b>", "permissions": ["cohort:read", "people:read"], "days": "30"}
    page = client.post("/securite/jetons", data=body)
    shown = re.search(r"<code>(esc_[\w-]{43})</code>", page.text)
    assert shown is not None
    assert page.headers["cache-control"] == "no-store"
    assert client.get("/api/v1/cohorts", headers=token_headers(shown[1])).status_code == 200
    page_text = client.get("/securite").text
    assert "Tableau &lt;b&gt;du collège&lt;/b&gt;" in page_text
    assert shown[1] not in page_text
    ending = re.search(r'action="(/securite/jetons/\d+/fin)[?"]', page_text)
    assert ending is not None
    assert client.post(ending[1]).headers["location"] == "/securite#jetons"
    assert client.get("/api/v1/cohorts", headers=token_headers(shown[1])).status_code == 401
