"""Every route requires exactly one permission, or is declared public (docs/decisions/0004)."""

import ast
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
from app.platform.database.transaction import Addresses, Database
from app.platform.locations import ROOT
from app.platform.security.guards import PermissionGuard, PublicGuard
from app.platform.security.keyring import new_keyring
from app.platform.security.permissions import Permission

FRAMEWORK = {"/api/openapi.json", "/static"}
"""The routes of FastAPI and Starlette themselves: the API's description and static files."""

PUBLIC = {
    "GET /robots.txt", "GET /favicon.ico", "GET /.well-known/security.txt",
    "GET /health/live", "GET /health/ready", "GET /metrics",
    "GET /connexion", "GET /connexion/revenu", "POST /connexion", "POST /deconnexion", "POST /api/v1/sign-ins", "GET /",
    "GET /calendriers/{feed_secret}.ics",
    "GET /verification", "GET /v/{code}", "POST /v/{code}/fichier", "GET /api/v1/verify/{code}",
    "GET /colleges/{slug}/did.json", "GET /colleges/{slug}/statuts/{number}",
    "GET /parcours-publies/{slug}/{version}",
    "GET /parcours-publies/{slug}/{version}/vers/{target_slug}/{target_version}",
    "GET /referentiel/{version}",
    "POST /connexion/oidc/{provider_id}", "GET /connexion/oidc/retour",
    "GET /mot-de-passe-oublie", "POST /mot-de-passe-oublie",
    "GET /mot-de-passe-oublie/{token}", "POST /mot-de-passe-oublie/{token}",
    "GET /invitation/{token}", "POST /invitation/{token}",
}  # fmt: skip
"""The public routes: a new one is a decision, recorded here."""


def guards(dependant: Dependant) -> Iterator[object]:
    """Yield all guards of a route, at any depth of its dependencies."""
    if isinstance(dependant.call, PermissionGuard | PublicGuard):
        yield dependant.call
    for child in dependant.dependencies:
        yield from guards(child)


def guarded_routes(app: FastAPI) -> Iterator[tuple[str, list[object]]]:
    """Yield ``(method path, guards)`` of every route."""
    for context in iter_route_contexts(app.routes):
        path = context.path or ""
        dependant = getattr(context, "dependant", None)
        if path in FRAMEWORK or isinstance(context.route, Mount):
            continue
        assert dependant is not None, f"{path}: neither a route of the application nor one of FRAMEWORK"
        for method in sorted(context.methods or ()):
            if method != "HEAD":
                yield f"{method} {path}", list(dict.fromkeys(guards(dependant)))


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """Return the application; no query is made."""
    return create_app(settings, Database(Addresses("postgresql+psycopg://nowhere/none")), new_keyring())


def test_each_route_has_one_guard(app: FastAPI) -> None:
    guards_by_route = dict(guarded_routes(app))
    assert len(guards_by_route) > 60
    for route, route_guards in guards_by_route.items():
        assert len(route_guards) == 1, f"{route}: {len(route_guards)} guards"


NOT_LOADED = {
    "POST /connexion/oidc/{provider_id}": "a provider is public: its service loads an active one",
    "POST /securite/oidc/{provider_id}": "a provider is public: its service loads an active one",
}
"""Routes that get the bare id of something that has a ``see_…``, each with its reason."""


def ids_that_are_seen() -> set[str]:
    """Return the parameters by which the ``see_…`` functions of the application know their object."""
    functions = [
        node
        for path in (ROOT / "app").rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("see_")
    ]
    return {argument.arg for function in functions for argument in function.args.args[2:]}


def test_no_handler_gets_the_bare_id_of_what_is_seen(app: FastAPI) -> None:
    """A guard loads it (``seen``), so that a handler cannot act on what was not checked."""
    ids = ids_that_are_seen()
    assert {"cohort_id", "enrolment_id", "certificate_id", "group_id"} <= ids
    bare = {
        f"{method} {context.path}"
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
        if ids & {field.name for field in getattr(getattr(context, "dependant", None), "path_params", ())}
    }
    assert bare == set(NOT_LOADED)


def test_each_route_is_reached(app: FastAPI) -> None:
    """No route is shadowed by an earlier one whose parameter matches its literal."""
    paths: list[tuple[str, Pattern[str]]] = []
    for context in iter_route_contexts(app.routes):
        for method in sorted(context.methods or ()):
            path = context.path or ""
            literal = re.sub(r"{[^}]*}", "~", path)
            first = next((pattern for verb, pattern in paths if verb == method and pattern.match(literal)), None)
            assert first is None, f"{method} {path} is shadowed by {first.pattern}"
            paths.append((method, context.path_regex))


def test_public_routes_are_the_declared_ones(app: FastAPI) -> None:
    assert {route for route, guard in guarded_routes(app) if isinstance(guard[0], PublicGuard)} == PUBLIC


def test_every_permission_guards_a_route(app: FastAPI) -> None:
    used = {
        guard.permission for _, found in guarded_routes(app) for guard in found if isinstance(guard, PermissionGuard)
    }
    assert used == set(Permission)


def test_route_without_guard_is_detected(app: FastAPI) -> None:
    app.get("/oubliee")(lambda: None)
    assert dict(guarded_routes(app))["GET /oubliee"] == []
