"""The API's description: security, error responses and references; ``make fuzz`` compares responses with it."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from app.main import VOCABULARY, create_app
from app.platform.config import Settings
from app.platform.database.transaction import Addresses, Database
from app.platform.security.permissions import Permission
from app.platform.web.openapi.description import ERROR_DESCRIPTIONS
from app.platform.web.openapi.vocabulary import Vocabulary, missing_descriptions, missing_examples
from app.platform.web.problems import FRAMEWORK_CODES
from tests.access.test_every_route_is_guarded import guarded_routes
from tests.conftest import RING
from tests.factories.network import World, as_, pending_token

SIGNED: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """Return the application; no query is made."""
    return create_app(Settings(), Database(Addresses("postgresql+psycopg://nowhere/none")), RING)


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


def test_every_property_and_parameter_has_a_description(app: FastAPI) -> None:
    assert list(missing_descriptions(app.openapi())) == []


def test_every_property_has_an_example_of_its_own(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    assert list(missing_examples(schemas, Vocabulary.load(VOCABULARY))) == []


def test_place_and_size_of_every_list_are_bounded(app: FastAPI) -> None:
    """A number beyond the ids of the database is a mistake in the request: 422."""
    unbounded = {
        f"{name} {parameter['name']}"
        for name, operation in operations(app)
        for parameter in operation.get("parameters", ())
        if parameter.get("name") in {"after", "limit"}
        if not any({"minimum", "maximum"} <= kind.keys() for kind in alternatives(parameter["schema"]))
    }
    assert unbounded == set()


def alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the schemas that a value may have: those of a union."""
    one_of: list[dict[str, Any]] = schema.get("anyOf", [schema])
    return one_of


def test_every_word_of_the_vocabulary_is_used(app: FastAPI) -> None:
    document = app.openapi()
    vocabulary = Vocabulary.load(VOCABULARY)
    schemas = document["components"]["schemas"].items()
    properties = {name for schema, node in schemas for p in node.get("properties", {}) for name in (p, f"{schema}.{p}")}
    parameters = {p.get("name") for _, operation in operations(app) for p in operation.get("parameters", ())}
    assert set(vocabulary.properties) <= properties
    assert set(vocabulary.parameters) <= parameters
    assert {tag for _, operation in operations(app) for tag in operation["tags"]} == set(vocabulary.tags)


def json_contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the JSON content of an operation's request and of its successful responses."""
    bodies = [operation.get("requestBody", {}), *(r for status, r in operation["responses"].items() if status < "300")]
    for body in bodies:
        yield from (content for media, content in body.get("content", {}).items() if "json" in media)


def test_every_json_body_has_an_example_that_its_schema_accepts(app: FastAPI) -> None:
    document = app.openapi()
    for name, operation in operations(app):
        for content in json_contents(operation):
            schema = {**content["schema"], "components": document["components"]}
            assert list(Draft202012Validator(schema).iter_errors(content["example"])) == [], name
        for parameter in operation.get("parameters", ()):
            if "$ref" not in parameter:
                schema = {**parameter["schema"], "components": document["components"]}
                Draft202012Validator(schema).validate(parameter["example"])


def test_no_value_is_described_by_a_format_that_it_does_not_have(app: FastAPI) -> None:
    """JSON Schema's ``time`` asks for an offset (RFC 3339): an hour on a local clock has none."""

    def formats(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("format"), str):
                yield node["format"]
            node = list(node.values())
        if isinstance(node, list):
            yield from itertools.chain.from_iterable(map(formats, node))

    assert set(formats(app.openapi())) == {"binary", "date", "date-time", "email", "password"}


def test_example_of_every_request_is_read_by_its_route(app: FastAPI) -> None:
    paths, read = app.openapi()["paths"], 0
    for context in iter_route_contexts(app.routes):
        if (context.path or "").startswith("/api/v1"):
            for body, method in itertools.product(context.dependant.body_params, context.methods or ()):
                content = paths[context.path_format][method.lower()]["requestBody"]["content"]
                if "application/json" in content:
                    example = json.dumps(content["application/json"]["example"])
                    TypeAdapter(body.field_info.annotation).validate_json(example)
                    read += 1
    assert read > 40


def test_files_are_described_as_bytes(app: FastAPI) -> None:
    for name, operation in operations(app):
        success = [r for status, r in operation["responses"].items() if status in {"200", "201"}]
        for media, content in (item for r in success for item in r["content"].items()):
            if "json" not in media:
                assert content["schema"] == {"type": "string", "format": "binary"}, name


def test_titles_and_operation_ids_are_unique(app: FastAPI) -> None:
    document = app.openapi()
    titles = [schema["title"] for schema in document["components"]["schemas"].values() if "title" in schema]
    ids = [operation["operationId"] for _, operation in operations(app)]
    assert sorted(set(titles)) == sorted(titles)
    assert sorted(set(ids)) == sorted(ids)
    assert not [name for name in document["components"]["schemas"] if "__" in name or "-" in name]


def test_server_is_the_address_that_people_use(app: FastAPI) -> None:
    assert [server["url"] for server in app.openapi()["servers"]] == [Settings().base_url]


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
