"""The error handlers: a refusal becomes the form that was sent, a problem document (RFC 9457), a page or a fragment."""

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
from psycopg.errors import NumericValueOutOfRange
from sqlalchemy.exc import DataError, IntegrityError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.platform.admission import RETRY_SECONDS
from app.platform.audit import denials
from app.platform.database.uniqueness import refusal_of
from app.platform.errors import (
    DomainError,
    Invalid,
    Reason,
    StorageFull,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
    is_storage_full,
)
from app.platform.messages import i18n as words
from app.platform.observability.figures import current, note_refusal
from app.platform.observability.logs import cause_of
from app.platform.security.guards import UNSAFE, bind_actor
from app.platform.web.deps import database_of, transaction_of
from app.platform.web.forms.refusals import answer_form
from app.platform.web.incoming.methods import methods_of
from app.platform.web.pages import SECOND_FACTOR, redirect_after_post, render, safe_referer, wants_json

log = logging.getLogger("escouade.web")


def problem(status: int, code: str, reasons: tuple[Reason, ...] = (), **params: object) -> dict[str, Any]:
    """Return an RFC 9457 document: stable codes, with ``title`` and ``errors[].message`` in the reader's language."""
    note_refusal(code)
    figures = current.get()
    document: dict[str, Any] = {
        "type": f"urn:escouade:problem:{code}",
        "title": words.t(f"error.{code}", **words.display_params(params)),
        "status": status,
        "code": code,
    }
    if figures is not None:
        document["instance"] = f"urn:escouade:request:{figures.id}"
    if reasons:
        document["errors"] = [
            {"code": r.code, "field": r.field, "message": words.explain(r), "params": dict(r.params)} for r in reasons
        ]
    return document


def answer_problem(request: Request, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return the problem as JSON, as a page, or as a fragment above the form that htmx sent."""
    status = int(document["status"])
    if wants_json(request):
        return JSONResponse(document, status, headers, media_type="application/problem+json")
    if request.headers.get("HX-Request") == "true":
        page = render(request, "problem.html", status=status, block="problem", problem=document)
        page.headers.update(
            {"HX-Retarget": "#problem", "HX-Reswap": "innerHTML show:#problem:top", "HX-Reselect": ".problem"}
        )
    else:
        back = safe_referer(request.headers.get("referer", ""))
        page = render(request, "problem.html", status=status, problem=document, back=back)
    page.headers.update(headers or {})
    return page


async def answer(
    request: Request,
    status: int,
    code: str,
    reasons: tuple[Reason, ...] = (),
    *,
    params: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer a refusal: the form again with what was typed when a form was sent, else a problem."""
    document = problem(status, code, reasons, **(params or {}))
    landing = str((params or {}).get("landing", ""))
    page = await answer_form(request, status, code, str(document["title"]), reasons, landing=landing)
    if page is None:
        return answer_problem(request, document, headers)
    page.headers.update(headers or {})
    return page


async def on_domain_error(request: Request, error: Exception) -> Response:
    """Answer a domain error; a page that needs a sign-in or a second factor redirects there first."""
    assert isinstance(error, DomainError)  # noqa: S101 - wider in Starlette's signature
    is_page = request.method not in UNSAFE and "HX-Request" not in request.headers
    if is_page and not wants_json(request):
        target = "/connexion" if isinstance(error, Unauthenticated) else None
        target = SECOND_FACTOR if error.code == "second_factor_required" else target
        if target is not None:
            return redirect_after_post(f"{target}?suite={quote(request.scope['path'])}")
    await _record_denial(request, error)
    if isinstance(error, Invalid | UnsupportedMedia):  # may come before the guard
        await _show_menu(request)
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}
    if "retry_after" in error.params:
        headers["Retry-After"] = str(error.params["retry_after"])
    elif isinstance(error, StorageFull):
        headers["Retry-After"] = str(RETRY_SECONDS)
    return await answer(request, error.status, error.code, error.reasons, params=error.params, headers=headers)


async def _record_denial(request: Request, error: DomainError) -> None:
    """Record a refused access; when recording fails, the access is still refused, and the failure logged."""
    if denials.is_recorded(request, error):
        database = database_of(request)
        try:
            async with database.admission.place():
                await run_in_threadpool(denials.record, database, request, error)
        except (SQLAlchemyError, Unavailable):
            log.exception("a refused access was not recorded")


KNOWN_TYPES = frozenset(
    {
        "bool_parsing", "date_from_datetime_parsing", "date_parsing", "date_type", "datetime_from_date_parsing",
        "datetime_parsing", "datetime_type", "dict_type", "email_invalid", "enum", "extra_forbidden", "greater_than",
        "greater_than_equal", "int_parsing", "int_type", "json_invalid", "less_than", "less_than_equal", "list_type",
        "literal_error", "missing", "model_attributes_type", "name_without_letter", "preview_needed",
        "refused_character", "string_too_long", "string_too_short", "string_type",
        "timezone_aware", "too_long", "too_short", "value_error",
    }
)  # fmt: skip
"""Pydantic's error types that have a sentence in the catalogue."""


async def on_invalid(request: Request, error: Exception) -> Response:
    """Answer a validation error of pydantic, with the field and the reason of each."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    if not wants_json(request) and any(detail["loc"][0] == "path" for detail in error.errors()):
        return answer_problem(request, problem(HTTPStatus.NOT_FOUND, "not_found"))
    reasons: list[Reason] = []
    for detail in error.errors():
        kind = str(detail["type"])
        if kind in {"too_long", "too_short"} and isinstance(detail.get("input"), str):
            kind = f"string_{kind}"  # pydantic words a limit on a cleaned text as one on a list
        limits = {k: v for k, v in detail.get("ctx", {}).items() if isinstance(v, str | int | float)}
        code = kind if kind in KNOWN_TYPES else "value_error"
        # For broken JSON pydantic gives an offset in the text, which is not a field.
        path = () if kind == "json_invalid" else detail["loc"][1:]
        field = ".".join(str(part) for part in path) or str(detail["loc"][0])
        reason = Reason(code, limits, field)
        if reason not in reasons:  # a body that a dependency reads too is refused twice
            reasons.append(reason)
    return await answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", tuple(reasons))


FRAMEWORK_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
"""The codes of the framework's own errors, by status."""


async def _show_menu(request: Request) -> None:
    """Load the actor of a request that reached no guard, so that the page of the error keeps their menu."""
    if not wants_json(request) and not hasattr(request.state, "actor"):
        with suppress(Unavailable):
            async with database_of(request).admission.place():
                await run_in_threadpool(_load_actor, request)


def _load_actor(request: Request) -> None:
    """Set the actor of a request, as a guard would."""
    with suppress(SQLAlchemyError), transaction_of(request) as db:
        actor = bind_actor(db, request)
        request.state.actor = None if actor is None or actor.pending else actor


async def on_http(request: Request, error: Exception) -> Response:
    """Answer an error of the framework, before any route: no such path, wrong method, broken body."""
    if is_storage_full(error.__cause__):  # a body that is kept on the disk while it is read
        return await on_domain_error(request, StorageFull())
    status = int(getattr(error, "status_code", HTTPStatus.BAD_REQUEST))
    headers = dict(getattr(error, "headers", None) or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = methods_of(request) or {"GET"}  # static files have no route
        headers["Allow"] = ", ".join(sorted(allowed | {"HEAD"} if "GET" in allowed else allowed))
    await _show_menu(request)
    return answer_problem(request, problem(status, FRAMEWORK_CODES[status]), headers)


async def on_integrity(request: Request, error: Exception) -> Response:
    """Answer a violated constraint, as when two people write at the same time, with 409 and what stands already."""
    assert isinstance(error, IntegrityError)  # noqa: S101
    refusal = refusal_of(error)
    return await answer(request, refusal.status, refusal.code, refusal.reasons)


async def on_data(request: Request, error: Exception) -> Response:
    """Answer a value that no column can hold with 422, and an id out of range with 404: no object has it."""
    assert isinstance(error, DataError)  # noqa: S101
    if isinstance(error.orig, NumericValueOutOfRange):
        return await answer(request, HTTPStatus.NOT_FOUND, "not_found")
    return await answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid")


CODES = {"57014": "too_slow", "25P03": "too_slow", "55P03": "locked", "53100": StorageFull.code}
"""The codes of what the database ends, by SQLSTATE: a statement, an idle transaction, a lock; its disk is full."""


async def on_database_away(request: Request, error: Exception) -> Response:
    """Answer that the database is down, busy or out of time with 503 and ``Retry-After``; the log says why."""
    code = CODES.get(getattr(getattr(error, "orig", None), "sqlstate", None) or "", "unavailable")
    note_refusal(code, cause_of(error))
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return await answer(request, HTTPStatus.SERVICE_UNAVAILABLE, code, headers=headers)


async def on_database_fault(request: Request, error: Exception) -> Response:
    """Answer the end of a transaction in which nothing happened for too long as a time limit; raise other faults."""
    if getattr(getattr(error, "orig", None), "sqlstate", None) not in CODES:
        raise error
    return await on_database_away(request, error)


async def on_system_error(request: Request, error: Exception) -> Response:
    """Answer a full disk with 503; raise other errors of the system."""
    if not is_storage_full(error):
        raise error
    return await on_domain_error(request, StorageFull())


def add_handlers(app: FastAPI) -> None:
    """Add one handler for each kind of error."""
    app.add_exception_handler(DomainError, on_domain_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    for status in FRAMEWORK_CODES:
        app.add_exception_handler(status, on_http)
    app.add_exception_handler(IntegrityError, on_integrity)
    app.add_exception_handler(DataError, on_data)
    app.add_exception_handler(OperationalError, on_database_away)
    app.add_exception_handler(PoolTimeout, on_database_away)
    app.add_exception_handler(InternalError, on_database_fault)
    app.add_exception_handler(OSError, on_system_error)
