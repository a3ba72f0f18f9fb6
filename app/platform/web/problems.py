"""The web's common ground: pages from templates, problems as JSON or pages."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from psycopg.errors import NumericValueOutOfRange
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.platform.audit import denials as refusals
from app.platform.errors import DomainError, Reason, Unauthenticated
from app.platform.messages import i18n as words
from app.platform.security.guards import bind_actor
from app.platform.web.deps import database_of
from app.platform.web.forms import keep_typed
from app.platform.web.pages import SECOND_FACTOR, redirect_after_post, render, safe_referer, wants_json

log = logging.getLogger("escouade.web")
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


# Problems ---------------------------------------------------------------------------------------


def problem(status: int, code: str, reasons: tuple[Reason, ...] = (), **params: object) -> dict[str, Any]:
    """An RFC 9457 document: ``code`` is stable; ``title`` and ``errors[].message`` speak the reader's language."""
    found: dict[str, Any] = {
        "type": f"urn:escouade:problem:{code}",
        "title": words.t(f"error.{code}", **words.shown(params)),
        "status": status,
        "code": code,
    }
    if reasons:
        found["errors"] = [
            {"code": r.code, "field": r.field, "message": words.explain(r), "params": dict(r.params)} for r in reasons
        ]
    return found


def answer_problem(request: Request, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """The problem as JSON, as a page, or as a fragment above the form that htmx sent."""
    status = int(document["status"])
    if wants_json(request):
        return JSONResponse(document, status, headers, media_type="application/problem+json")
    if request.headers.get("HX-Request") == "true":
        page = render(request, "problem.html", status=status, block="problem", problem=document, typed={})
        page.headers.update({"HX-Retarget": "#problem", "HX-Reswap": "innerHTML show:#problem:top"})
    else:
        back = safe_referer(request.headers.get("referer", ""))
        typed = getattr(request.state, "typed", {})
        page = render(request, "problem.html", status=status, problem=document, typed=typed, back=back)
    page.headers.update(headers or {})
    return page


async def on_domain_error(request: Request, error: Exception) -> Response:
    """A refusal in domain words."""
    assert isinstance(error, DomainError)  # noqa: S101 - what Starlette's signature cannot say
    is_read = request.method not in UNSAFE and "HX-Request" not in request.headers
    if is_read and not wants_json(request):
        door = "/connexion" if isinstance(error, Unauthenticated) else None
        door = SECOND_FACTOR if error.code == "second_factor_required" else door
        if door is not None:
            return redirect_after_post(f"{door}?suite={quote(request.scope['path'])}")
    await _keep_refusal(request, error)
    await keep_typed(request)
    document = problem(error.status, error.code, error.reasons, **error.params)
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}
    if "retry_after" in error.params:
        headers["Retry-After"] = str(error.params["retry_after"])
    return answer_problem(request, document, headers)


async def _keep_refusal(request: Request, error: DomainError) -> None:
    """Record a refused access; one that cannot be is refused all the same, and said in the log."""
    if refusals.is_recorded(request, error):
        database = database_of(request)
        try:
            async with database.limiter:
                await run_in_threadpool(refusals.record, database, request, error)
        except SQLAlchemyError:
            log.exception("a refusal was not recorded")


KNOWN_TYPES = frozenset(
    {
        "bool_parsing", "date_from_datetime_parsing", "date_parsing", "date_type", "datetime_from_date_parsing",
        "datetime_parsing", "datetime_type", "dict_type", "enum", "extra_forbidden", "greater_than",
        "greater_than_equal", "int_parsing", "int_type", "json_invalid", "less_than", "less_than_equal", "list_type",
        "literal_error", "missing", "model_attributes_type", "string_too_long", "string_too_short", "string_type",
        "timezone_aware", "too_long", "too_short", "value_error",
    }
)  # fmt: skip
"""Pydantic's kinds of error that have a sentence of their own."""


async def on_invalid(request: Request, error: Exception) -> Response:
    """What pydantic refused, each with its field and reason."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    if not wants_json(request) and any(found["loc"][0] == "path" for found in error.errors()):
        return answer_problem(request, problem(HTTPStatus.NOT_FOUND, "not_found"))
    await keep_typed(request)
    reasons = []
    for found in error.errors():
        kind = str(found["type"])
        if kind in {"too_long", "too_short"} and isinstance(found.get("input"), str):
            kind = f"string_{kind}"  # a narrower limit on a cleaned text speaks of items
        limits = {k: v for k, v in found.get("ctx", {}).items() if isinstance(v, str | int | float)}
        code = kind if kind in KNOWN_TYPES else "value_error"
        # Of broken JSON pydantic gives a place in the text, which is no field.
        path = () if kind == "json_invalid" else found["loc"][1:]
        field = ".".join(str(part) for part in path) or str(found["loc"][0])
        reasons.append(Reason(code, limits, field))
    return answer_problem(request, problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", tuple(reasons)))


FRAMEWORK_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
"""Refusals of the framework itself, by status."""


def _recognise(request: Request) -> None:
    """Who reads the refusal of an address that no guard watches: their menu stays."""
    with suppress(SQLAlchemyError), database_of(request).transaction() as db:
        actor = bind_actor(db, request)
        request.state.actor = None if actor is None or actor.pending else actor


def methods_of(request: Request) -> set[str]:
    """Every method that the address takes: the framework names those of its first route alone."""
    contexts = iter_route_contexts(request.app.routes)
    here = [c for c in contexts if getattr(c, "methods", None) and c.path_regex.match(request.scope["path"])]
    return {method for context in here for method in context.methods or ()}


async def on_http(request: Request, error: Exception) -> Response:
    """What the framework refused before any route (no such path, wrong method, broken body)."""
    status = int(getattr(error, "status_code", HTTPStatus.BAD_REQUEST))
    headers = dict(getattr(error, "headers", None) or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(methods_of(request)))
    if not wants_json(request) and not hasattr(request.state, "actor"):
        async with database_of(request).limiter:
            await run_in_threadpool(_recognise, request)
    return answer_problem(request, problem(status, FRAMEWORK_CODES[status]), headers)


async def on_integrity(request: Request, error: Exception) -> Response:
    """A constraint said no to two people at once: say so, keep nothing."""
    assert isinstance(error, IntegrityError)  # noqa: S101
    return answer_problem(request, problem(HTTPStatus.CONFLICT, "conflict"))


async def on_data(request: Request, error: Exception) -> Response:
    """A value that no column can hold: an identifier too large is the identifier of nothing."""
    assert isinstance(error, DataError)  # noqa: S101
    if isinstance(error.orig, NumericValueOutOfRange):
        return answer_problem(request, problem(HTTPStatus.NOT_FOUND, "not_found"))
    return answer_problem(request, problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"))


async def on_database_away(request: Request, error: Exception) -> Response:
    """The database is away or busy: come back soon."""
    document = problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable")
    return answer_problem(request, document, {"Retry-After": "5"})


def add_handlers(app: FastAPI) -> None:
    """One handler per family of refusals."""
    app.add_exception_handler(DomainError, on_domain_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    for status in FRAMEWORK_CODES:
        app.add_exception_handler(status, on_http)
    app.add_exception_handler(IntegrityError, on_integrity)
    app.add_exception_handler(DataError, on_data)
    app.add_exception_handler(OperationalError, on_database_away)
    app.add_exception_handler(PoolTimeout, on_database_away)
