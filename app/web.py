"""The web's common ground: pages from templates, problems as JSON or pages."""

import json
import logging
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.routing import iter_route_contexts
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from psycopg.errors import NumericValueOutOfRange
from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app import refusals
from app import text as words
from app.access import Permission, Role, identify
from app.db import Database
from app.errors import DomainError, Reason, Unauthenticated

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
API = "/api/"
log = logging.getLogger("escouade.web")
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
HIDDEN = frozenset({"password", "client_secret", "present", "code", "proposal"})
"""What nobody is shown again, of a form that is refused."""
SECOND_FACTOR = "/connexion/second-facteur"
"""Where whoever has proven their password alone is sent."""


BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make text read in another order than it is written."""


def clean(value: str) -> str:
    """A text as it is kept: composed accents; refused with a control character, which no column can hold."""
    if any((unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\r\t") or c in BIDI for c in value):
        raise ValueError("control character")
    return unicodedata.normalize("NFC", value)


YEARS = range(1900, 2200)
"""Years that a day or a moment sent by someone may be of."""


class Command(BaseModel):
    """What someone asks for, as JSON or as a form: unknown fields are refused, text is trimmed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _clean_texts(cls, value: object) -> object:
        """No text escapes the cleaning, whatever its type says of it."""
        if isinstance(value, tuple):
            return tuple(clean(item) if type(item) is str else item for item in value)
        return clean(value) if type(value) is str else value

    @field_validator("*")
    @classmethod
    def _within_calendars(cls, value: object) -> object:
        """No day so far that a week or a time zone away from it there is none."""
        if isinstance(value, date) and value.year not in YEARS:  # a moment is a day too
            raise ValueError("not a year of anyone's")
        return value


class Read(BaseModel):
    """A frozen read model: what services return and every face shows."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


@cache
def environment() -> Environment:
    """The template environment: escaping on, unknown names are errors."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), undefined=StrictUndefined, auto_reload=False
    )
    env.globals.update(t=words.t, known=words.known, explain=explain, language=words.language)
    env.globals.update(P=Permission, Role=Role, NBSP=words.NBSP)
    env.filters.update(hours=words.hours, day=words.day, clock=words.clock, number=words.number, local=words.local)
    env.filters.update(zone=words.zone_name, whole=whole)
    return env


CODE = re.compile(r"\b[A-Z]{2,5}(?:-[A-Z0-9]+)+(?:\.[A-Z0-9]{1,2})?\b")
"""Codes of modules, activities, competencies and cohorts, as they stand in a sentence."""


def whole(sentence: str) -> Markup:
    """A sentence whose codes never break at their hyphens."""
    return Markup(CODE.sub(r'<span class="code">\g<0></span>', str(escape(sentence))))  # noqa: S704 - escaped just here


def explain(reason: Reason) -> Markup:
    """A reason in words, on a page."""
    return whole(words.explain(reason))


def render(
    request: Request, template: str, *, status: int = 200, block: str | None = None, **values: object
) -> HTMLResponse:
    """A page from a template; ``block`` renders one block alone, for a fragment."""
    shown = environment().get_template(template)
    context = {"request_path": request.scope["path"], "actor": getattr(request.state, "actor", None), **values}
    html = "".join(shown.blocks[block](shown.new_context(context))) if block else shown.render(context)
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})


def see_other(path: str) -> RedirectResponse:
    """After a write, go and look."""
    return RedirectResponse(path, status_code=HTTPStatus.SEE_OTHER)


def local_path(path: str | None) -> str:
    """A path of this site, or its front page: never an address that someone else chose."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return "/"


def way_back(referer: str) -> str:
    """The page of this site that a request says it came from, or the front page."""
    try:
        before = urlsplit(referer)
    except ValueError:  # no browser sends such an address; someone does
        return "/"
    return local_path(before.path + ("?" + before.query if before.query else ""))


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


def wants_json(request: Request) -> bool:
    """Whether the path belongs to the API."""
    return bool(request.scope["path"].startswith(API))


def answer_problem(request: Request, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """The problem as JSON, as a page, or as a fragment above the form that htmx sent."""
    status = int(document["status"])
    if wants_json(request):
        return JSONResponse(document, status, headers, media_type="application/problem+json")
    if request.headers.get("HX-Request") == "true":
        page = render(request, "problem.html", status=status, block="problem", problem=document, typed={})
        page.headers.update({"HX-Retarget": "#problem", "HX-Reswap": "innerHTML show:#problem:top"})
    else:
        back = way_back(request.headers.get("referer", ""))
        typed = getattr(request.state, "typed", {})
        page = render(request, "problem.html", status=status, problem=document, typed=typed, back=back)
    page.headers.update(headers or {})
    return page


async def keep_typed(request: Request) -> None:
    """Show people what they had typed when a form is refused: nothing is lost, with or without a script."""
    if request.method == "POST" and not wants_json(request):
        form = await request.form()
        request.state.typed = {k: v for k, v in form.items() if isinstance(v, str) and v and k not in HIDDEN}


async def on_domain_error(request: Request, error: Exception) -> Response:
    """A refusal in domain words."""
    assert isinstance(error, DomainError)  # noqa: S101 - what Starlette's signature cannot say
    is_read = request.method not in UNSAFE and "HX-Request" not in request.headers
    if is_read and not wants_json(request):
        door = "/connexion" if isinstance(error, Unauthenticated) else None
        door = SECOND_FACTOR if error.code == "second_factor_required" else door
        if door is not None:
            return see_other(f"{door}?suite={quote(request.scope['path'])}")
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
        database: Database = request.app.state.database
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
    database: Database = request.app.state.database
    with suppress(SQLAlchemyError), database.transaction() as session:
        actor = identify(session, request)
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
        async with request.app.state.database.limiter:
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


def attachment(name: str) -> dict[str, str]:
    """Headers of a download; the name may hold accents (RFC 6266)."""
    plain = words.fold(name.rsplit(".", 1)[0]).replace(" ", "-") + "." + name.rsplit(".", 1)[-1]
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"}


def dumps(value: object) -> str:
    """JSON as stored and sent: compact, accents kept, keys in order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)
