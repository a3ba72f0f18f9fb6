"""``Idempotency-Key``: one effect however often a creation is sent; refusals are not stored."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.accompaniment.enterprises.enums import EnterpriseSize
from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Addresses, Database
from app.platform.jobs.upkeep import sweep_answers
from app.platform.security.permissions import Permission
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.middleware import MEGABYTE
from app.platform.web.pages import API
from tests.access.test_every_route_is_guarded import guarded_routes
from tests.conftest import RING
from tests.factories.learning import PDF
from tests.factories.network import World, api_token, as_, count, token
from tests.platform.test_middleware import chunks, exchange, head, multipart, served

ENTERPRISE = {"name": "Scierie du Lac", "sector": "Bois", "size": EnterpriseSize.SMALL, "region_code": "02"}


def key(value: str = "cle-1") -> dict[str, str]:
    """Return the header with a key."""
    return {"Idempotency-Key": value}


def enterprises(database: Database, world: World) -> int:
    """Return how many enterprises the college has."""
    with database.transaction(colleges=[world.alma]) as db:
        return count(db, "enterprise")


def stored_responses(database: Database) -> int:
    """Return how many responses are stored."""
    with database.as_owner() as db:
        return count(db, "idempotent_request")


@pytest.fixture
def coordinator(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client, signed in as the coordinator of Alma."""
    return as_(client, database, world, "coordinator")


@pytest.fixture
def path(world: World) -> str:
    """Return the path that creates an enterprise."""
    return f"/api/v1/colleges/{world.alma}/enterprises"


def test_second_request_gets_the_first_response(
    coordinator: TestClient, database: Database, world: World, path: str
) -> None:
    first = coordinator.post(path, json=ENTERPRISE, headers=key())
    again = coordinator.post(path, json=ENTERPRISE, headers=key())
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"] == "application/json"
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert enterprises(database, world) == 1
    assert again.headers["cache-control"] == "no-store"


def test_request_without_the_key_or_with_another_is_done_again(
    coordinator: TestClient, database: Database, world: World, path: str
) -> None:
    for headers in ({}, {}, key("a"), key("b")):
        assert coordinator.post(path, json=ENTERPRISE, headers=headers).status_code == 201
    assert (enterprises(database, world), stored_responses(database)) == (4, 2)


def test_same_key_with_another_request_is_refused(
    coordinator: TestClient, database: Database, world: World, path: str
) -> None:
    coordinator.post(path, json=ENTERPRISE, headers=key())
    elsewhere = f"/api/v1/cohorts/{world.cohort}/sessions"
    others = [
        coordinator.post(path, json=ENTERPRISE | {"name": "Autre"}, headers=key()),
        coordinator.post(elsewhere, json=ENTERPRISE, headers=key()),
    ]
    for answer in others:
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert enterprises(database, world) == 1


def test_key_of_another_person_is_independent(client: TestClient, database: Database, world: World, path: str) -> None:
    as_(client, database, world, "coordinator").post(path, json=ENTERPRISE, headers=key())
    people = f"/api/v1/colleges/{world.rouyn}/enterprises"
    other = as_(client, database, world, "other_coordinator").post(people, json=ENTERPRISE, headers=key())
    assert (other.status_code, "idempotent-replayed" in other.headers) == (201, False)
    # Another sign-in of the same person is the same person; a token without the permission stays outside.
    again = as_(client, database, world, "coordinator").post(path, json=ENTERPRISE, headers=key())
    assert again.headers["idempotent-replayed"] == "true"
    client.headers["Authorization"] = f"Bearer {api_token(database, world, 'coordinator', Permission.COHORT_READ)}"
    assert client.post(path, json=ENTERPRISE, headers=key()).status_code == 403


def test_a_refusal_leaves_the_key_free(coordinator: TestClient, database: Database, world: World, path: str) -> None:
    wrong = coordinator.post(path, json=ENTERPRISE | {"region_code": "99"}, headers=key())
    assert (wrong.status_code, stored_responses(database)) == (422, 0)
    assert coordinator.post(path, json={"name": 3}, headers=key()).status_code == 422
    assert coordinator.post("/api/v1/colleges/999999/enterprises", json=ENTERPRISE, headers=key()).status_code == 404
    assert coordinator.post(path, json=ENTERPRISE, headers=key()).status_code == 201
    assert (enterprises(database, world), stored_responses(database)) == (1, 1)


def test_failed_commit_keeps_neither_effect_nor_response(
    settings: Settings, database: Database, world: World, path: str
) -> None:
    """The commit fails after the response was stored: neither is kept, and the key is free."""

    def fail(_: object) -> None:
        raise RuntimeError("panne")

    secret = token(database, world, "coordinator")
    database.before_commit = (*database.before_commit, fail)
    client = TestClient(create_app(settings, database, RING), raise_server_exceptions=False)
    client.headers["Authorization"] = f"Bearer {secret}"
    assert client.post(path, json=ENTERPRISE, headers=key()).status_code == 500
    database.before_commit = database.before_commit[:-1]
    assert (enterprises(database, world), stored_responses(database)) == (0, 0)
    assert client.post(path, json=ENTERPRISE, headers=key()).status_code == 201


def test_key_in_use_by_another_transaction_is_409(
    coordinator: TestClient, database: Database, world: World, path: str
) -> None:
    place = f"idempotency:{world.people['coordinator']}:cle-1"
    with database.transaction() as db:
        db.execute(text("select pg_advisory_xact_lock(hashtextextended(:place, 0))"), {"place": place})
        answer = coordinator.post(path, json=ENTERPRISE, headers=key())
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_flight")
        assert answer.headers["retry-after"] == "1"
        assert coordinator.post(path, json=ENTERPRISE, headers=key("cle-2")).status_code == 201
    assert coordinator.post(path, json=ENTERPRISE, headers=key()).status_code == 201


def test_fifty_concurrent_requests_have_one_effect(
    settings: Settings, database: Database, world: World, path: str
) -> None:
    headers = key() | {"Authorization": f"Bearer {token(database, world, 'coordinator')}"}
    ready = threading.Barrier(50)

    def send(port: int) -> httpx2.Response:
        ready.wait()
        return httpx2.post(f"http://127.0.0.1:{port}{path}", json=ENTERPRISE, headers=headers, timeout=60)

    with served(create_app(settings, database, RING)) as port, ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, [port] * 50))
    done = [a for a in answers if a.status_code == 201]
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.content for a in done}) == 1
    assert sum("idempotent-replayed" not in a.headers for a in done) == 1
    assert (enterprises(database, world), stored_responses(database)) == (1, 1)


@pytest.mark.parametrize("value", ["", " ", "a b", "é".encode().decode("latin-1"), "a" * 101, "a\tb"])
def test_malformed_key_is_refused(
    coordinator: TestClient, database: Database, world: World, path: str, value: str
) -> None:
    answer = coordinator.post(path, json=ENTERPRISE, headers={b"Idempotency-Key": value.encode("latin-1")})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key")
    assert enterprises(database, world) == 0


def test_two_keys_are_refused(coordinator: TestClient, path: str) -> None:
    answer = coordinator.post(path, json=ENTERPRISE, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")])
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key")


def test_same_file_with_another_boundary_is_the_same_request(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files"

    def send(content: bytes) -> httpx2.Response:
        return client.post(
            path, data={"activity_code": "GEN-1.C"}, files={"file": ("a.pdf", content)}, headers=key()
        )  # fmt: skip

    first, again, other = send(PDF), send(PDF), send(PDF + b" ")
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("media", ["application/json", "multipart/form-data; boundary=x"])
def test_body_too_large_is_refused_with_a_key(settings: Settings, database: Database, world: World, media: str) -> None:
    lines = (
        f"Authorization: Bearer {token(database, world, 'maude')}", "Idempotency-Key: cle-1",
        f"Content-Type: {media}", "Transfer-Encoding: chunked", "Connection: close",
    )  # fmt: skip
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files"
    with served(create_app(settings.model_copy(update={"upload_megabytes": 1}), database, RING)) as port:
        status, document = exchange(port, head(path, *lines), *chunks(multipart(5 * MEGABYTE)))
    assert (status, document["code"], stored_responses(database)) == (413, "too_large", 0)


def test_stored_responses_are_encrypted_and_deleted_after_a_day(
    coordinator: TestClient, database: Database, world: World, path: str
) -> None:
    coordinator.post(path, json=ENTERPRISE, headers=key("vieille"))
    coordinator.post(path, json=ENTERPRISE, headers=key("recente"))
    with database.engine.begin() as owner:
        rows = owner.execute(text("select row_to_json(r)::text from idempotent_request r")).scalars().all()
        assert not any("Scierie" in row for row in rows)
        age = "update idempotent_request set created_at = now() - interval '24 hours 1 minute' where key = 'vieille'"
        owner.execute(text(age))
    assert sweep_answers(database) == 1
    assert "idempotent-replayed" not in coordinator.post(path, json=ENTERPRISE, headers=key("vieille")).headers
    assert "idempotent-replayed" in coordinator.post(path, json=ENTERPRISE, headers=key("recente")).headers


def test_application_role_cannot_change_a_stored_response(
    coordinator: TestClient, database: Database, world: World, path: str
) -> None:
    coordinator.post(path, json=ENTERPRISE, headers=key())
    for statement in ("update idempotent_request set key = 'x'", "delete from idempotent_request"):
        with pytest.raises(Exception, match="permission denied"), database.transaction() as db:
            db.execute(text(statement))


def test_token_of_a_sign_in_is_never_replayed(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    answers = [client.post("/api/v1/me/second-factor/proposals", headers=key()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["secret"] != answers[1].json()["secret"]
    assert stored_responses(database) == 0


# Every creation ----------------------------------------------------------------------------------


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """Return the application; no query is made."""
    return create_app(settings, Database(Addresses("postgresql+psycopg://nowhere/none")), RING)


def creations(app: FastAPI) -> dict[str, Any]:
    """Return the routes of the API that create, by path."""
    routes = {}
    for context in iter_route_contexts(app.routes):
        if (context.path or "").startswith(API) and getattr(context, "status_code", None) == 201:
            assert context.methods == {"POST"}, context.path
            routes[context.path or ""] = context.original_route
    return routes


def test_every_creation_route_accepts_a_key(app: FastAPI) -> None:
    routes = creations(app)
    assert len(routes) > 20
    assert [path for path, route in routes.items() if not isinstance(route, IdempotentRoute)] == [], (
        "route_class=IdempotentRoute"
    )


def test_every_creation_of_a_signed_in_person_documents_the_key(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    # No person to store a response for, or the token of a sign-in, which is never replayed.
    without = {None, Permission.SIGN_IN_FINISH}
    apart = {route for route, guards in guarded_routes(app) if getattr(guards[0], "permission", None) in without}
    for path in creations(app):
        named = {"$ref": "#/components/parameters/IdempotencyKey"} in paths[path]["post"].get("parameters", [])
        assert named == (f"POST {path}" not in apart), path
