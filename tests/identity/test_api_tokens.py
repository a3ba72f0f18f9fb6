"""API tokens: named, narrow, ending; never more than their person, never their person's own account."""

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

DOOR = "/api/v1/me/api-tokens"


def made(client: TestClient, *permissions: str, **fields: object) -> dict[str, object]:
    """A new token of whoever is signed in."""
    answer = client.post(DOOR, json={"name": "Relevé du soir", "permissions": permissions, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def by(token: object) -> dict[str, str]:
    """Headers of a program with a token."""
    return {"Authorization": f"Bearer {token}"}


def change(database: Database, statement: str, **values: object) -> None:
    """Change rows from behind."""
    with database.engine.begin() as connection:
        connection.execute(text(statement), values)


def test_a_token_does_what_it_is_for_and_nothing_else(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    token = made(client, "cohort:read")
    assert str(token["token"]).startswith("esc_")
    assert client.get("/api/v1/cohorts", headers=by(token["token"])).status_code == 200
    for door in (f"/api/v1/colleges/{world.alma}/people", "/api/v1/me", "/api/v1/enterprises", DOOR):
        assert client.get(door, headers=by(token["token"])).status_code == 403, door
        assert client.get(door).status_code == 200, door


def test_a_token_is_shown_once_and_kept_as_a_digest(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    token = made(client, "people:read", "cohort:read")
    listed = client.get(DOOR).json()["items"]
    assert listed == [{k: v for k, v in token.items() if k != "token"}]
    assert listed[0]["permissions"] == ["people:read", "cohort:read"]
    with database.engine.connect() as connection:
        (row,) = connection.execute(text("select api_token::text from api_token")).scalars().all()
    assert str(token["token"]) not in row
    assert str(token["token"]).removeprefix("esc_") not in row


@pytest.mark.parametrize("permission", ["people:manage", "certificate:issue", "network:manage", *sorted(PERSONAL)])
def test_nobody_gives_more_than_they_hold_nor_their_own_account(
    client: TestClient, database: Database, world: World, permission: str
) -> None:
    as_(client, database, world, "coordinator")
    answer = client.post(DOOR, json={"name": "Trop", "permissions": ["cohort:read", permission]})
    assert (answer.status_code, answer.json()["code"]) == (422, "token_beyond_yours")
    assert answer.json()["errors"][0]["params"] == {"permission": permission}
    assert client.get(DOOR).json()["items"] == []


@pytest.mark.parametrize(
    "fields", [{"permissions": []}, {"permissions": ["tout"]}, {"days": 0}, {"days": 366}, {"name": " "}]
)
def test_what_is_no_token(client: TestClient, database: Database, world: World, fields: dict[str, object]) -> None:
    as_(client, database, world, "maude")
    assert client.post(DOOR, json={"name": "x", "permissions": ["me:read"], **fields}).status_code == 422


def test_a_token_loses_what_its_person_loses(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    token = made(client, "judgement:make", "me:read")
    door = f"/api/v1/cohorts/{world.cohort}"
    assert client.get("/api/v1/me", headers=by(token["token"])).status_code == 200
    assert client.get(door, headers=by(token["token"])).status_code == 403
    queue = "/api/v1/me/judgement-queue"
    before = client.get(queue, headers=by(token["token"])).status_code
    with database.transaction(colleges=[world.alma]) as db:
        revoke_role(db, world.people["trainer"], Role.TRAINER, cohort_id=world.cohort)
        revoke_role(db, world.people["trainer"], Role.TRAINER)
    assert client.get(queue, headers=by(token["token"])).status_code == 403
    assert before == 200


def test_no_door_of_one_s_own_account_opens_to_a_token(
    client: TestClient, database: Database, world: World, site: FastAPI
) -> None:
    """Even one whose row says that it may."""
    headers = by(api_token(database, world, "maude", *Permission))
    mine = [
        door
        for door, guards in guarded_routes(site)
        if isinstance(guards[0], PermissionGuard) and guards[0].permission in PERSONAL
    ]  # fmt: skip
    assert len(mine) > 20
    for door in mine:
        method, path = door.split(" ")
        answer = client.request(method, re.sub(r"\{\w+\}", "1", path), headers=headers)
        assert answer.status_code == 403, door
    assert client.get("/api/v1/me", headers=headers).status_code == 200


def test_a_token_lasts_as_long_as_asked(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    for days, fields in ((90, {}), (1, {"days": 1}), (365, {"days": 365})):
        token = made(client, "me:read", **fields)
        ends = client.get(DOOR).json()["items"][0]["expires_at"]
        assert abs(now() + timedelta(days=days) - type(now()).fromisoformat(ends)) < timedelta(minutes=1)
        assert client.get("/api/v1/me", headers=by(token["token"])).status_code == 200
    change(database, "update api_token set expires_at = now()")
    assert client.get("/api/v1/me", headers=by(token["token"])).status_code == 401
    assert client.get(DOOR).json()["items"] == []


def test_a_token_ends_when_its_person_says_so(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    first, second = made(client, "me:read"), made(client, "me:read")
    as_(client, database, world, "karim")
    assert client.get(DOOR).json()["items"] == []
    refused = client.delete(f"{DOOR}/{first['id']}")
    assert (refused.status_code, refused.content) == (404, client.delete(f"{DOOR}/999999").content)
    as_(client, database, world, "maude")
    assert client.delete(f"{DOOR}/{first['id']}").status_code == 204
    assert client.get("/api/v1/me", headers=by(first["token"])).status_code == 401
    assert client.get("/api/v1/me", headers=by(second["token"])).status_code == 200
    assert client.delete(f"{DOOR}/{first['id']}").status_code == 404


def test_the_last_use_is_known(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    token = made(client, "me:read")
    assert client.get(DOOR).json()["items"][0]["seen_at"] is None
    client.get("/api/v1/me", headers=by(token["token"]))
    assert client.get(DOOR).json()["items"][0]["seen_at"] is not None


def test_a_token_made_and_ended_on_pages(client: TestClient, database: Database, world: World) -> None:
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
    assert client.get("/api/v1/cohorts", headers=by(shown[1])).status_code == 200
    mine = client.get("/securite").text
    assert "Tableau &lt;b&gt;du collège&lt;/b&gt;" in mine
    assert shown[1] not in mine
    ending = re.search(r'action="(/securite/jetons/\d+/fin)"', mine)
    assert ending is not None
    assert client.post(ending[1]).headers["location"] == "/securite#jetons"
    assert client.get("/api/v1/cohorts", headers=by(shown[1])).status_code == 401
