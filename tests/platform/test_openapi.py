"""The API's description: security, error responses and references; ``make fuzz`` compares responses with it."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission
from app.platform.web.openapi import ERROR_DESCRIPTIONS
from app.platform.web.problems import FRAMEWORK_CODES
from tests.access.test_every_route_is_guarded import guarded_routes
from tests.conftest import RING
from tests.factories.network import World, as_, pending_token

SIGNED: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """Return the application; no query is made."""
    return create_app(Settings(), Database("postgresql+psycopg://nowhere/none"), RING)


def operations(app: FastAPI) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``(METHOD path, operation)`` of each operation."""
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS
            yield f"{method.upper()} {path}", operation


def resolved(app: FastAPI, node: dict[str, Any]) -> dict[str, Any]:
    """Return a node of the document, its reference resolved."""
    target: Any = app.openapi() if "$ref" in node else node
    for step in node.get("$ref", "").split("/")[1:]:
        target = target[step]
    assert isinstance(target, dict)
    return target


def test_every_api_route_is_described(app: FastAPI) -> None:
    described = {name for name, _ in operations(app)}
    assert described == {route for route, _ in guarded_routes(app) if " /api/" in route}
    assert len(described) > 80


def test_each_operation_has_its_security_and_permission(app: FastAPI) -> None:
    guards = dict(guarded_routes(app))
    schemes = app.openapi()["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["cookie"]["in"], schemes["cookie"]["name"]) == ("cookie", "escouade")
    for name, operation in operations(app):
        permission = getattr(guards[name][0], "permission", None)
        assert operation["security"] == (SIGNED if permission else []), name
        assert operation.get("x-permission") == permission, name
    assert Permission.ME_READ in {o.get("x-permission") for _, o in operations(app)}


def test_each_operation_describes_its_error_responses(app: FastAPI) -> None:
    for name, operation in operations(app):
        answers = {int(status): resolved(app, answer) for status, answer in operation["responses"].items()}
        refused = {status for status in answers if status >= 400}
        needed = {400, 503}
        needed |= {401, 403} if operation["security"] or not name.startswith("GET ") else set()
        needed |= {404, 422} if "{" in name or "requestBody" in operation else set()
        needed |= {413} if "requestBody" in operation else set()
        needed |= {429} if not operation["security"] else set()
        assert needed <= refused, name
        assert any(status < 400 for status in answers), name
        for status in refused:
            assert status in ERROR_DESCRIPTIONS, name
            assert answers[status]["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }, name


def test_errors_of_the_framework_are_described() -> None:
    assert set(FRAMEWORK_CODES) - {405} <= set(ERROR_DESCRIPTIONS)


def test_every_reference_resolves(app: FastAPI) -> None:
    def walk(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            node = list(node.values())
        if isinstance(node, list):
            for child in node:
                yield from walk(child)

    references = set(walk(app.openapi()))
    assert "#/components/schemas/Problem" in references
    for reference in references:
        assert resolved(app, {"$ref": reference})
    assert "HTTPValidationError" not in str(app.openapi())


def test_error_response_matches_its_description(
    client: TestClient, database: Database, world: World, app: FastAPI
) -> None:
    document = app.openapi()
    schema = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    valid = Draft202012Validator(schema)
    stranger = [client.get("/api/v1/me"), client.post("/api/v1/sign-ins", json={}), client.get("/api/v1/rien")]
    as_(client, database, world, "maude")
    maude = [client.get("/api/v1/enterprises/999"), client.get("/api/v1/enterprises/x"), client.put("/api/v1/me")]
    client.headers["Authorization"] = f"Bearer {pending_token(database, world, 'maude')}"
    for answer in (*stranger, *maude, client.get("/api/v1/me")):
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
        valid.validate(answer.json())
