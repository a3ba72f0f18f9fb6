"""The one gate of every request: its host, its origin, its size, its language; and what every answer says.

Plain ASGI: nothing runs in another task, so what is set here (the language) holds in the routes.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import anyio
from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.platform.config import Settings
from app.platform.errors import Invalid
from app.platform.messages import i18n as text
from app.platform.web.pages import API
from app.platform.web.problems import UNSAFE, answer_problem, problem
from app.platform.web.strict_json import check_json, form_reads

MEGABYTE = 1024 * 1024
BODY_BYTES = MEGABYTE
"""Largest JSON document or form without a file, as received."""
LINGER_BYTES = 64 * MEGABYTE
LINGER_SECONDS = 20
"""How much of a refused body is still taken and thrown away, so that its sender gets to read the refusal."""

FORM = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data"
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?")
HERE = frozenset({"localhost", "127.0.0.1", "[::1]"})
OPEN_TO_PROBES = "/health/"
"""Asked by the machines around, by address; nothing there depends on the host."""

SECURITY_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        b"frame-ancestors 'none'; form-action 'self'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
NO_STORE = (b"cache-control", b"no-store")


def trusted_hosts(settings: Settings) -> frozenset[str]:
    """The host of ``base_url``; outside production this machine's names too. Ports are not compared."""
    name = urlsplit(settings.base_url).hostname or ""
    own = frozenset({f"[{name}]" if ":" in name else name})
    return own if settings.environment == "production" else own | HERE


def cross_site(scope: Scope, headers: Headers, origin: str) -> bool:
    """Whether a browser says that another site sent this write."""
    if scope["method"] not in UNSAFE or "authorization" in headers:
        return False
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site not in {"same-origin", "none"}
    sent = headers.get("origin")
    return sent is not None and sent not in {origin, f"{scope['scheme']}://{headers.get('host', '')}"}


class GuardedRequest:
    """One request on its way: how much of it was received, whether its answer began."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: Headers, limit: int) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self.limit = limit
        self.declared = int(length) if (length := headers.get("content-length", "0")).isdecimal() else 0
        self.awaits_leave = headers.get("expect", "").lower() == "100-continue"
        self.whole = not self.declared and "transfer-encoding" not in headers
        self.received = 0
        self.kept: bytes | None = None
        self.started = False

    @property
    def over(self) -> bool:
        """Whether the body is larger than it may be, as declared or as received."""
        return max(self.declared, self.received) > self.limit

    async def receive(self) -> Message:
        """The next piece for the application; a body over the limit ends there, as if its sender had left."""
        if self.kept is not None:
            body, self.kept = self.kept, None
            return {"type": "http.request", "body": body, "more_body": False}
        if self.over:
            return {"type": "http.disconnect"}
        message = await self._next()
        return {"type": "http.disconnect"} if self.over else message

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.whole = not message.get("more_body", False)
            self.received += len(message.get("body", b""))
        return message

    async def keep(self) -> bytes | None:
        """The whole body, kept for the application to read; ``None`` when it is too large or its sender left."""
        pieces: list[bytes] = []
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                return None
            pieces.append(message.get("body", b""))
            if self.whole:
                self.kept = b"".join(pieces)
                return self.kept

    async def send(self, message: Message) -> None:
        """What the application answers; of a body that was cut, its answer is not the reason."""
        if self.started or not self.over:
            await self._dressed(message)

    async def _dressed(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            said = {name for name, _ in message["headers"]}
            ours = [*SECURITY_HEADERS, NO_STORE] if self._is_personal() else SECURITY_HEADERS
            message["headers"] = [*message["headers"], *((n, v) for n, v in ours if n not in said)]
        await self._send(message)

    def _is_personal(self) -> bool:
        """The API, and whatever is shown to someone signed in."""
        return self.scope["path"].startswith(API) or self.scope["state"].get("actor") is not None

    async def refuse(self, document: Mapping[str, Any]) -> None:
        """Answer at once, then let the sender finish for a while: a connection cut short would lose the answer."""
        headers = {} if self.whole else {"Connection": "close"}
        answer = answer_problem(Request(self.scope), document, headers)
        start = {"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers}
        await self._dressed(start)
        await self._send({"type": "http.response.body", "body": answer.body, "more_body": True})
        await self._linger()
        await self._send({"type": "http.response.body", "body": b""})

    async def _linger(self) -> None:
        if self.awaits_leave and not self.received:
            return
        most = self.received + LINGER_BYTES
        with anyio.move_on_after(LINGER_SECONDS):
            while not self.whole and self.received < most:
                if (await self._next())["type"] != "http.request":
                    return


class RequestGuard:
    """ASGI middleware: refuses what no route should see, and finishes every answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.origin = settings.origin
        self.hosts = trusted_hosts(settings)
        self.english = settings.english
        self.upload_bytes = (settings.upload_megabytes + 1) * MEGABYTE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of the server."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope.setdefault("state", {})  # shared with the routes, which say there who acts
        # French for everyone; English for who asks for it, where the deployment offers it.
        asks = self.english and headers.get("accept-language", "").lower().startswith("en")
        token = text.language.set("en" if asks else "fr")
        try:
            await self._admit(scope, receive, send, headers)
        finally:
            text.language.reset(token)

    async def _admit(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        media, options = parse_options_header(headers.get("content-type"))
        limit = self.upload_bytes if media == MULTIPART else BODY_BYTES
        passage = GuardedRequest(scope, receive, send, headers, limit)
        if not self._is_ours(scope, headers):
            await passage.refuse(problem(HTTPStatus.BAD_REQUEST, "unknown_host"))
        elif cross_site(scope, headers, self.origin):
            await passage.refuse(problem(HTTPStatus.FORBIDDEN, "cross_site"))
        elif options.get(b"charset", b"utf-8").lower() not in {b"utf-8", b"utf8"}:
            await passage.refuse(problem(HTTPStatus.BAD_REQUEST, "bad_request"))
        elif not passage.whole and not passage.over and media != MULTIPART and scope["method"] in UNSAFE:
            await self._weigh(passage, media)
        else:
            await self._let_in(passage)

    def _is_ours(self, scope: Scope, headers: Headers) -> bool:
        named = [HOST.fullmatch(host.lower()) for host in headers.getlist("host")]
        known = len(named) == 1 and named[0] is not None and named[0][1] in self.hosts
        return known or scope["path"].startswith(OPEN_TO_PROBES)

    async def _weigh(self, passage: GuardedRequest, media: bytes) -> None:
        """Read a body that is no file before any route does."""
        body = await passage.keep()
        if body and media == FORM and not form_reads(body):
            await passage.refuse(problem(HTTPStatus.BAD_REQUEST, "bad_request"))
        elif body and media != FORM and passage.scope["path"].startswith(API):
            try:
                check_json(body)
            except Invalid as found:
                await passage.refuse(problem(found.status, found.code, found.reasons))
            else:
                await self._let_in(passage)
        elif body is not None or passage.over:
            await self._let_in(passage)

    async def _let_in(self, passage: GuardedRequest) -> None:
        try:
            if not passage.over:
                await self.app(passage.scope, passage.receive, passage.send)
        except Exception:
            if passage.started:
                raise
            if not passage.over:  # what the application says of a body cut short is no fault of its own
                await passage.refuse(problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal"))
                raise
        if passage.over and not passage.started:
            await passage.refuse(problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"))
