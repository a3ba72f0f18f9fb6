"""One-time keys: a form sent twice is done once, and the second sending lands where the first one did.

Each form that someone signed in sends has a key in its action. The first sending stores its answer under the key, in
the transaction of its effect; another one waits for it and gets the same answer, or, when something else was typed
since, the form again with a link to what was made. A page whose forms create something has the key in its address
(:func:`keyed_page`): the browser's "back" fetches the page again, and would find a new key in the page itself
(docs/decisions/0019).
"""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlencode
from zlib import crc32

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.params import Depends as DependsParam
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.platform.database.session import Session
from app.platform.errors import Conflict
from app.platform.web.deps import keyring_of
from app.platform.web.forms import KEY, FormPage
from app.platform.web.forms.keys import is_expired, is_key, new_key
from app.platform.web.idempotency import Claim, Handler, digest_of, done_once

JSON = "application/json"
WAIT_SECONDS = 8
"""How long a second sending waits for the first one."""
_LOCK = text(
    """
    with before as materialized (select current_setting('lock_timeout') as value)
    select set_config('lock_timeout', :timeout, true), pg_advisory_xact_lock(hashtextextended(:key, 0)),
           set_config('lock_timeout', before.value, true)
      from before
    """
)
"""The lock of a key, with a wait of its own: the columns are computed in their order."""


class FormClaim(Claim):
    """The claim of a form to its key: a second sending waits for the first one, whose answer a browser then shows."""

    def lock(self, db: Session, bound: str) -> None:
        """Take the key's lock, waiting for whoever has it; an ``OperationalError`` (503) after eight seconds."""
        db.execute(_LOCK, {"timeout": f"{WAIT_SECONDS}s", "key": bound})

    def replay(self, answer: dict[str, Any]) -> Response:
        """Return the first answer; raise ``Conflict`` with where it led when something else was typed since."""
        if answer["digest"] != self.digest:
            raise Conflict("form_sent_already", landing=answer["headers"].get("location", ""))
        return Response(answer["body"], answer["status"], answer["headers"])


class FormRoute(APIRoute):
    """A route of a page: when a form is sent to it with a key, it is done once."""

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler, wrapped in the key's claim; it ends before the transaction does."""
        handle = super().get_route_handler()
        forms = [d.dependency for d in self.dependencies if isinstance(d.dependency, FormPage)]
        if not any(form.writes for form in forms):
            return handle
        once = done_once(handle, _claim_of if all(form.digested for form in forms) else _undigested_claim_of)
        return _with_landing(once)


def _with_landing(handle: Handler) -> Handler:
    """Return a handler that names in JSON, to a script that asks for it, where a form leads, in place of a redirect.

    A script that sends a form reads no redirect: it would be followed, and the page loaded that it may have already.
    """

    async def handle_with_landing(request: Request) -> Response:
        response = await handle(request)
        if response.status_code != HTTPStatus.SEE_OTHER or request.headers.get("Accept") != JSON:
            return response
        request.state.has_landed = True
        named = JSONResponse({"location": response.headers["Location"]})
        named.raw_headers += [(name, value) for name, value in response.raw_headers if name == b"set-cookie"]
        return named

    return handle_with_landing


async def _undigested_claim_of(request: Request) -> FormClaim | None:
    """Return a claim that keeps no digest of what was typed: whatever is sent again lands where the first one did."""
    claim = await _claim_of(request)
    return None if claim is None else replace(claim, digest=digest_of(request, b""))


async def _claim_of(request: Request) -> FormClaim | None:
    """Return the claim of a form with a key, else ``None``; raise ``Conflict`` (409) for a key that has expired."""
    key = request.query_params.get(KEY)
    if key is None or not is_key(key):
        return None
    if is_expired(key):
        raise Conflict("form_expired")
    try:
        body = await request.body()
    except ClientDisconnect:  # the handler gets the same error when it reads the body
        return None
    where = f"{crc32(request.scope['path'].encode()):08x}"  # two forms of a page with a key in its address
    return FormClaim(f"form:{key}:{where}", digest_of(request, body), keyring_of(request))


def page_router() -> APIRouter:
    """Return the router of a feature's pages."""
    return APIRouter(include_in_schema=False, route_class=FormRoute)


def _with_key(request: Request, cle: Annotated[str | None, Query(max_length=40)] = None) -> None:
    """Redirect a browser to the same page with a new key in its address, unless it has one that may be used.

    Only a browser goes back to a page; scripts and programs keep the key that the page has in its forms.
    """
    in_place = cle is not None and is_key(cle) and not is_expired(cle)
    if in_place or not _is_navigation(request) or getattr(request.state, "refusal", None) is not None:
        return
    query = [(n, v) for n, v in parse_qsl(request.scope["query_string"].decode("latin-1")) if n != KEY]
    address = keyed_address(request, f"{quote(request.scope['path'])}?{urlencode(query)}")
    raise HTTPException(HTTPStatus.SEE_OTHER, headers={"Location": address, "Cache-Control": "no-store"})


def keyed_address(request: Request, address: str) -> str:
    """Return the address of a keyed page, for a browser with a new key: a redirect to it spares the page's own."""
    if not _is_navigation(request):
        return address
    path, _, query = address.partition("?")
    return f"{path}?{query}{'&' if query else ''}{urlencode({KEY: new_key()})}"


def _is_navigation(request: Request) -> bool:
    return request.headers.get("Sec-Fetch-Dest") == "document"


def keyed_page() -> DependsParam:
    """Return the dependency of a page with a form that creates: ``dependencies=[keyed_page()]``."""
    dependency: DependsParam = Depends(_with_key)
    return dependency
