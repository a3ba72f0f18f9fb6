"""Each route names exactly one permission, or says ``Public`` (docs/decisions/0004)."""

import re
from collections.abc import Iterator
from re import Pattern

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.guards import PermissionGuard, PublicGuard
from app.platform.security.keyring import new_keyring
from app.platform.security.permissions import Permission

FRAMEWORK = {"/api/openapi.json", "/static"}
"""What FastAPI and Starlette serve by themselves: the API's description and our own static files."""

PUBLIC = {
    "GET /health/live", "GET /health/ready",
    "GET /connexion", "POST /connexion", "POST /deconnexion", "POST /api/v1/sign-ins", "GET /",
    "GET /verification", "GET /v/{code}", "POST /v/{code}/fichier", "GET /api/v1/verify/{code}",
    "GET /colleges/{slug}/did.json", "GET /colleges/{slug}/statuts/{number}",
    "GET /parcours-publies/{slug}/{version}", "GET /referentiel/{version}",
    "POST /connexion/oidc/{provider_id}", "GET /connexion/oidc/retour",
    "GET /mot-de-passe-oublie", "POST /mot-de-passe-oublie",
    "GET /mot-de-passe-oublie/{token}", "POST /mot-de-passe-oublie/{token}",
    "GET /invitation/{token}", "POST /invitation/{token}",
}  # fmt: skip
"""Doors open to anyone: a new one is a decision, made here."""


def guards(dependant: Dependant) -> Iterator[object]:
    """All guards under a route, at any depth."""
    if isinstance(dependant.call, PermissionGuard | PublicGuard):
        yield dependant.call
    for child in dependant.dependencies:
        yield from guards(child)


def guarded_routes(app: FastAPI) -> Iterator[tuple[str, list[object]]]:
    """``(method path, guards)`` of every route."""
    for context in iter_route_contexts(app.routes):
        path = context.path or ""
        dependant = getattr(context, "dependant", None)
        if path in FRAMEWORK or isinstance(context.route, Mount):
            continue
        assert dependant is not None, f"{path}: neither a route of ours nor on the list"
        for method in sorted(context.methods or ()):
            if method != "HEAD":
                yield f"{method} {path}", list(dict.fromkeys(guards(dependant)))


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """The application; no query is made."""
    return create_app(settings, Database("postgresql+psycopg://nowhere/none"), new_keyring())


def test_each_route_has_one_guard(app: FastAPI) -> None:
    found = dict(guarded_routes(app))
    assert len(found) > 60
    for door, which in found.items():
        assert len(which) == 1, f"{door}: {len(which)} guards"


def test_each_route_is_reached(app: FastAPI) -> None:
    """No route stands behind an earlier one whose parameter takes its word."""
    paths: list[tuple[str, Pattern[str]]] = []
    for context in iter_route_contexts(app.routes):
        for method in sorted(context.methods or ()):
            path = context.path or ""
            literal = re.sub(r"{[^}]*}", "~", path)
            first = next((pattern for verb, pattern in paths if verb == method and pattern.match(literal)), None)
            assert first is None, f"{method} {path} stands behind {first.pattern}"
            paths.append((method, context.path_regex))


def test_public_doors_are_the_ones_decided(app: FastAPI) -> None:
    assert {door for door, which in guarded_routes(app) if isinstance(which[0], PublicGuard)} == PUBLIC


def test_every_permission_opens_a_door(app: FastAPI) -> None:
    used = {
        guard.permission for _, which in guarded_routes(app) for guard in which if isinstance(guard, PermissionGuard)
    }
    assert used == set(Permission)


def test_a_route_without_guard_is_found(app: FastAPI) -> None:
    app.get("/oubliee")(lambda: None)
    assert dict(guarded_routes(app))["GET /oubliee"] == []
