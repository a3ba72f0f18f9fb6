"""The API's OpenAPI description: what FastAPI does not know of it is added here.

FastAPI describes the success response of each operation; its error responses follow from its guard, its method and its
inputs. A route declares in ``responses=`` only an error of its own (410, for example); every error response has the
problem document as its content. Descriptions of properties and examples come from the vocabulary (``vocabulary``).
"""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel, Field

from app.platform.security.guards import UNSAFE, PermissionGuard, PublicGuard
from app.platform.security.permissions import PERSONAL, Permission
from app.platform.web.idempotency import HEADER, LONGEST_KEY, REPLAYED, RETENTION_HOURS, IdempotentRoute
from app.platform.web.openapi.vocabulary import Vocabulary, add_examples, describe_parameters, describe_schemas
from app.platform.web.pages import API

FIRST_ERROR = 400
ERROR_DESCRIPTIONS: Mapping[int, str] = {
    400: "The request does not read: its host, its letters, its form.",
    401: "Nobody is signed in, or the proof is no longer good.",
    403: "No role of the person allows it, the second factor is still missing, or another site sent it.",
    404: "Missing, or out of the person's reach: one answer for both.",
    409: "The state of things does not allow it now.",
    410: "It was there, and served already.",
    412: "It has changed since it was read.",
    413: "Larger than it may be.",
    415: "Not a kind of content that is read here.",
    422: "Understood, and against a rule: `errors` names each field and why.",
    428: "It may have changed since it was read: `If-Match` is needed.",
    429: "Too many tries: `Retry-After` says how long to wait, in seconds.",
    503: "Something is away: come back after `Retry-After` seconds.",
}
"""The description of each error response, by status."""
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


class ProblemReason(BaseModel):
    """One thing that is wrong: a stable code, its values, the field it concerns, a sentence for people."""

    code: str
    field: str | None
    message: str
    params: dict[str, str | int | float | bool | None]


class Problem(BaseModel):
    """A refusal (RFC 9457): ``code`` is stable, ``title`` and ``message`` speak the reader's language."""

    type: str = Field(examples=["urn:escouade:problem:not_found"])
    title: str
    status: int
    code: str = Field(examples=["not_found"])
    instance: str = Field(examples=["urn:escouade:request:5f1c0b7a9e2d4c68"])
    errors: list[ProblemReason] = Field(default_factory=list)


class DescribedAPI(FastAPI):
    """The web application with a complete OpenAPI description.

    ``cookie`` is the name of the sign-in's cookie, ``vocabulary`` the file of what each name means.
    """

    def __init__(self, *, cookie: str, vocabulary: Path, **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        super().__init__(**options, generate_unique_id_function=operation_id)
        self.cookie = cookie
        self.vocabulary = vocabulary

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, built once."""
        if not self.openapi_schema:
            finish(super().openapi(), self)
        assert self.openapi_schema is not None  # noqa: S101 - FastAPI has just cached it
        return self.openapi_schema


def operation_id(route: APIRoute) -> str:
    """Return the id of an operation, from which generated clients name their functions: ``cohorts_open_cohort``."""
    return "_".join((*map(str, route.tags), route.name))


def finish(document: dict[str, Any], site: DescribedAPI) -> None:
    """Add the shared components and the tags, then what each operation lacks."""
    vocabulary = Vocabulary.load(site.vocabulary)
    document["tags"] = [{"name": name, "description": text} for name, text in sorted(vocabulary.tags.items())]
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for replaced in ("HTTPValidationError", "ValidationError"):
        schemas.pop(replaced, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    components["responses"] = {_name(status): _error_response(status) for status in ERROR_DESCRIPTIONS}
    components["parameters"] = {"IdempotencyKey": _idempotency_key()}
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A sign-in's token or an API token."},
        "cookie": {"type": "apiKey", "in": "cookie", "name": site.cookie, "description": "A browser's sign-in."},
    }
    for context in iter_route_contexts(site.routes):
        for method in sorted(getattr(context, "methods", None) or ()):
            operation = document["paths"].get(context.path_format or "", {}).get(method.lower())
            if operation is not None and (context.path or "").startswith(API):
                _describe(operation, method, context)
                describe_parameters(operation, schemas, vocabulary)
    used = json.dumps(document["paths"])
    components["responses"] = {n: r for n, r in components["responses"].items() if f'/responses/{n}"' in used}
    describe_schemas(schemas, vocabulary)
    for operations in document["paths"].values():
        for operation in operations.values():
            add_examples(operation, schemas, vocabulary)


def guards(dependant: Dependant) -> Iterator[PermissionGuard | PublicGuard]:
    """Yield the guards of a route, at any depth of its dependencies."""
    if isinstance(dependant.call, PermissionGuard | PublicGuard):
        yield dependant.call
    for child in dependant.dependencies:
        yield from guards(child)


def _describe(operation: dict[str, Any], method: str, context: RouteContext) -> None:
    guard = next(guards(context.dependant))
    permission = guard.permission if isinstance(guard, PermissionGuard) else None
    operation["security"] = [] if permission is None else [{"bearer": []}, {"cookie": []}]
    if permission is not None:
        operation["x-permission"] = permission.value
        creates = isinstance(context.original_route, IdempotentRoute) and context.status_code == HTTPStatus.CREATED
        if creates and permission is not Permission.SIGN_IN_FINISH:
            operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
            operation["responses"]["201"]["headers"] = {REPLAYED: {"schema": {"const": "true"}}}
    responses = operation["responses"]
    if {"200", "201"} <= set(responses):  # received before: the answer is the same
        responses["200"].setdefault("content", responses["201"]["content"])
    own = {int(status) for status in responses if int(status) >= FIRST_ERROR}
    for status in sorted(own | set(error_statuses(operation, method, permission))):
        responses[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}


def error_statuses(operation: Mapping[str, Any], method: str, permission: Permission | None) -> Iterator[int]:
    """Yield the error statuses that follow from an operation's guard, method and inputs."""
    yield from (400, 503)
    reads = "requestBody" in operation or "parameters" in operation
    if permission is not None:
        yield from (401, 403)
    if permission is None or permission in PERSONAL:
        yield 429  # operations with a rate limit
    if method in UNSAFE:
        yield from (401, 403, 409)
    if reads:
        yield from (404, 422)
    if "requestBody" in operation:
        yield from (413, 415)
    if any(parameter.get("name") == "if-match" for parameter in operation.get("parameters", ())):
        yield from (412, 428)


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.title().replace(" ", "")


def _error_response(status: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    response: dict[str, Any] = {"description": ERROR_DESCRIPTIONS[status], "content": content}
    if status in {429, 503}:
        response["headers"] = RETRY_AFTER
    return response


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": HEADER,
        "in": "header",
        "required": False,
        "description": (
            f"Sent again within {RETENTION_HOURS} hours with the same key and the same content, the request is not "
            f"done twice: the first answer comes back with `{REPLAYED}: true`. Other content: 422. Still "
            "under way: 409."
        ),
        "schema": {"type": "string", "pattern": f"^[!-~]{{1,{LONGEST_KEY}}}$"},
    }
