"""Refused forms: the page that shows the form answers again, with what was typed and why it was refused.

Where that page cannot be shown (nobody is signed in any more, the database is away), a plain page holds the form with
everything that was typed, ready to be sent again (docs/decisions/0020).
"""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path
from starlette.types import Message

from app.platform.errors import Reason
from app.platform.schema import NeverShownAgain
from app.platform.web.forms import DRAFT, KEY, PAGE, PERSON, SENT_BEFORE, FormPage, Refusal
from app.platform.web.forms.keys import new_key
from app.platform.web.pages import local_path, render, wants_json

SIGN_IN_AGAIN = "/connexion/revenu"
"""Where someone lands who signed in beside a form that waits in another tab."""
RESENDABLE = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.CONFLICT,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
"""The statuses after which the same form may succeed."""
WITHOUT_A_PAGE = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE}
)
"""The statuses after which the page is not run again: it would be missing too, and count as another try."""
SHORT = 40
"""A value longer than this, or of several words, is a text that someone reads again; others are kept unseen."""


def form_page_of(request: Request) -> FormPage | None:
    """Return what the route of a posted form says of its page; ``None`` for anything but a form."""
    route = request.scope.get("route")
    if request.method != "POST" or wants_json(request):
        return None
    dependencies = (depends.dependency for depends in getattr(route, "dependencies", ()))
    return next((page for page in dependencies if isinstance(page, FormPage)), None)


async def answer_form(
    request: Request, status: int, code: str, title: str, reasons: Sequence[Reason] = (), *, landing: str = ""
) -> Response | None:
    """Return the refused form with what was typed; ``None`` when what was refused is no form.

    ``landing`` is where the same form led when it was sent before.
    """
    form_page = form_page_of(request)
    if form_page is None:
        return None
    refusal = Refusal(request.scope["path"], int(status), code, title, tuple(reasons))
    refusal.landing = local_path(landing) if landing else ""
    await _read_typed(request, refusal)
    answer = None
    if not _needs_another_tab(refusal) and status not in WITHOUT_A_PAGE:
        answer = await _page_again(request, form_page, refusal)
    if answer is None:
        answer = _kept(request, refusal)
    if request.headers.get("HX-Request") == "true":
        answer.headers.update({"HX-Retarget": "#main", "HX-Reselect": "#main", "HX-Reswap": "outerHTML show:top"})
    return answer


async def _read_typed(request: Request, refusal: Refusal) -> None:
    """Read every text of the form in order, without its secrets, of which only the names are kept."""
    try:
        form = await request.form()
    except (HTTPException, ClientDisconnect):
        return
    secrets = secret_fields(getattr(request.scope.get("route"), "dependant", None))
    texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    refusal.typed = tuple((name, value) for name, value in texts if name not in secrets)
    refusal.secrets = tuple(name for name, _ in texts if name in secrets)
    refusal.files = tuple(name for name, value in form.multi_items() if isinstance(value, UploadFile))


def secret_fields(dependant: Dependant | None) -> frozenset[str]:
    """Return the names of a route's fields whose values are never shown again: passwords and codes."""
    return frozenset(
        name
        for model in _body_models(dependant)
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
        if NeverShownAgain in field.metadata or "SecretStr" in repr(field.annotation)
    )


def _body_models(dependant: Dependant | None) -> Iterator[object]:
    """Yield the types that a route and its dependencies make of the body."""
    if dependant is not None:
        yield from (param.field_info.annotation for param in dependant.body_params)
        for inner in dependant.dependencies:
            yield from _body_models(inner)


def _needs_another_tab(refusal: Refusal) -> bool:
    """Return whether someone must sign in first, in another tab, before the same form is sent."""
    is_signed_out = refusal.status == HTTPStatus.UNAUTHORIZED and refusal.code == "unauthenticated"
    return is_signed_out or refusal.code in {"second_factor_required", "form_of_another"}


async def _page_again(request: Request, form_page: FormPage, refusal: Refusal) -> Response | None:
    """Return the page that shows the form, with the refusal; ``None`` when it does not show that form now.

    When nobody wrote anything in the form (it has ids and ticks alone), its page without it shows the refusal on top.
    """
    address = page_address(request, form_page, refusal)
    if address is None:
        return None
    answer = await _run(request, address, refusal)
    if answer is not None and not refusal.is_shown and all(is_id(value) for _, value in refusal.typed):
        refusal.stands_on_top = refusal.is_shown = True
        answer = await _run(request, address, refusal)
    return answer if refusal.is_shown else None


async def _run(request: Request, address: str, refusal: Refusal) -> Response | None:
    """Run a page in this process for the sender of a form, with its refusal; ``None`` when it cannot be shown."""
    path, _, query = address.partition("?")
    inherited = {key: value for key, value in request.scope.items() if key not in OF_THE_POST}
    unwanted = {b"content-length", b"content-type", b"transfer-encoding"}
    scope = {
        **inherited,
        "method": "GET",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query.encode(),
        "headers": [header for header in request.scope["headers"] if header[0] not in unwanted],
        "state": {"refusal": refusal},
    }
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    await request.app.router(scope, receive, send)
    if messages[0]["status"] != HTTPStatus.OK:
        return None
    request.state.actor = scope["state"].get("actor")
    body = b"".join(message.get("body", b"") for message in messages[1:])
    answer = HTMLResponse(body, refusal.status)
    answer.raw_headers = [(n, v) for n, v in messages[0]["headers"] if n != b"content-length"]
    answer.headers["content-length"] = str(len(body))
    return answer


OF_THE_POST = frozenset(
    {"route", "endpoint", "path_params", "fastapi", "fastapi_inner_astack", "fastapi_function_astack"}
)
"""What routing wrote in the scope of the POST, which the page's own routing writes anew."""


def page_address(request: Request, form_page: FormPage, refusal: Refusal) -> str | None:
    """Return the address of the page that shows the form: as the form says, else made from its path and its values."""
    path_params = request.scope.get("path_params", {})
    sent = local_path(request.query_params.get(PAGE))
    for page in form_page.pages:
        match = compile_path(page.partition("?")[0])[0].match(sent.partition("?")[0])
        if match and all(path_params.get(name, value) == value for name, value in match.groupdict().items()):
            return sent
    values = {**dict(refusal.typed), **path_params}
    path, _, wanted = form_page.pages[0].partition("?")
    try:
        path = path.format(**{name: quote(value, safe="") for name, value in values.items()})
    except KeyError:
        return None
    filled = [(name, values.get(field.strip("{}"), "")) for name, field in parse_qsl(wanted)]
    own = parse_qsl(request.scope["query_string"].decode("latin-1"))
    unwanted = {PAGE, PERSON, DRAFT, KEY}
    query = [(name, value) for name, value in (*filled, *own) if value and name not in unwanted]
    return f"{path}?{urlencode(query)}" if query else path


def _kept(request: Request, refusal: Refusal) -> Response:
    """Return a page that holds all that was typed: as a form to send again where that may succeed, else to copy."""
    sent = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    renewed = refusal.code in SENT_BEFORE
    query = urlencode([(n, new_key() if renewed and n == KEY else v) for n, v in sent], quote_via=quote, safe="/")
    return render(
        request,
        "form_kept.html",
        status=refusal.status,
        refused=refusal,
        action=f"{refusal.path}?{query}" if query else refusal.path,
        items=[(name, value, is_text(value)) for name, value in refusal.typed],
        is_sendable=refusal.status in RESENDABLE or _needs_another_tab(refusal),
        return_to=SIGN_IN_AGAIN,
    )


def is_id(value: str) -> bool:
    """Return whether a value is one that a page knows, a number or a tick, and nobody's words."""
    return value.isdecimal() or value in {"", "true", "false"}


def is_text(value: str) -> bool:
    """Return whether a value is a text that its author reads again; any other is kept without being shown."""
    return len(value) > SHORT or any(character.isspace() for character in value.strip())
