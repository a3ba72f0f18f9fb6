"""The middleware of every request: it checks host, origin, size and body, sets the language, adds security headers.

Plain ASGI: nothing runs in another task, so that the context variable of the language applies in the routes.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import anyio
from fastapi import Request, Response
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.platform.config import Settings
from app.platform.errors import Invalid
from app.platform.messages import i18n as text
from app.platform.security.guards import UNSAFE
from app.platform.web.compression import CompressedSend
from app.platform.web.forms import SAVED_COOKIE
from app.platform.web.forms.refusals import answer_form
from app.platform.web.incoming.multipart import MultipartText, is_utf8
from app.platform.web.incoming.parameters import PART
from app.platform.web.incoming.proxies import set_client
from app.platform.web.incoming.slow import BodyClock
from app.platform.web.pages import API
from app.platform.web.problems import answer_problem, problem
from app.platform.web.strict_json import is_utf8_form, validate

MEGABYTE = 1024 * 1024
BODY_BYTES = MEGABYTE
"""Largest JSON document or form without a file, as received."""
LINGER_BYTES = 64 * MEGABYTE
LINGER_SECONDS = 20
"""How much of a refused body is still read and discarded, so that its sender reads the response."""

FORM = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data"
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?")
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
ANY_HOST_PREFIXES = ("/health/", "/metrics")
"""Health checks and Prometheus address the machine by its IP; nothing there depends on the host."""

SECURITY_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        b"frame-ancestors 'none'; form-action 'self'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        b"microphone=(), midi=(), payment=(), usb=()",
    ),
)
HSTS = (b"strict-transport-security", b"max-age=31536000")
"""Added where people use https; only this host: what stands beside it on its domain is not ours."""
FOR_EVERY_SITE = ((b"access-control-allow-origin", b"*"), (b"cross-origin-resource-policy", b"cross-origin"))
"""Of public documents: programs of other sites read them in browsers, without anyone's cookie."""
NO_STORE = (b"cache-control", b"no-store")


def trusted_hosts(settings: Settings) -> frozenset[str]:
    """Return the accepted hosts: that of ``base_url``, and outside production those of this machine, on any port."""
    name = urlsplit(settings.base_url).hostname or ""
    own = frozenset({f"[{name}]" if ":" in name else name})
    return own if settings.environment == "production" else own | LOCAL_HOSTS


def cross_site(scope: Scope, headers: Headers, origin: str) -> bool:
    """Return whether, according to the browser, another site sent this write.

    A program's token is no browser's, but only where no cookie comes with it: any page can send ``Authorization`` too.
    """
    if scope["method"] not in UNSAFE or ("authorization" in headers and "cookie" not in headers):
        return False
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site not in {"same-origin", "none"}
    sent = headers.get("origin")
    return sent is not None and sent not in {origin, f"{scope['scheme']}://{headers.get('host', '')}"}


def without_body(send: Send) -> Send:
    """Return a function that sends the headers of a response, and no content."""

    async def send_headers(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_headers


class GuardedRequest:
    """A request with its receive and send functions: it limits the body, and knows whether the response has started."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: Headers,
        *,
        limit: int,
        clock: BodyClock,
        secure: bool,
    ) -> None:
        self.scope, self._receive = scope, receive
        self._send = CompressedSend(send, scope, headers)
        self.limit, self.clock, self.secure = limit, clock, secure
        self.text: MultipartText | None = None
        self.declared = int(length) if (length := headers.get("content-length", "0")).isdecimal() else 0
        self.expects_continue = headers.get("expect", "").lower() == "100-continue"
        self.complete = not self.declared and "transfer-encoding" not in headers
        self.received = 0
        self.body: bytes | None = None
        self.form: bytes | None = None
        self.started = False
        self.is_slow = False

    @property
    def too_large(self) -> bool:
        """Whether the body is larger than the limit, as declared or as received."""
        return max(self.declared, self.received) > self.limit

    @property
    def fault(self) -> tuple[HTTPStatus, str] | None:
        """The status and code that refuse the body as far as it was received, ``None`` while nothing is wrong."""
        if self.too_large:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"
        if self.is_slow:
            return HTTPStatus.REQUEST_TIMEOUT, "request_timeout"
        if self.text is not None and not self.text.is_valid:
            return HTTPStatus.BAD_REQUEST, "bad_request"
        return None

    async def receive(self) -> Message:
        """Return the next message for the application; where the body is refused, a disconnection ends it."""
        if self.body is not None:
            body, self.body = self.body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if self.fault:
            return {"type": "http.disconnect"}
        message = await self._next()
        return {"type": "http.disconnect"} if self.fault else message

    async def _next(self) -> Message:
        if self.complete:
            return await self._receive()
        message: Message = {"type": "http.disconnect"}
        with anyio.move_on_after(self.clock.left(self.received)) as time:
            message = await self._receive()
        self.is_slow = time.cancelled_caught
        if message["type"] == "http.request":
            self.complete = not message.get("more_body", False)
            self.received += len(message.get("body", b""))
            if self.text is not None:
                self.text.feed(message.get("body", b""))
        return message

    async def read_body(self) -> bytes | None:
        """Read and return the body, which the application can still read; ``None`` when too large or disconnected."""
        pieces: list[bytes] = []
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                return None
            pieces.append(message.get("body", b""))
            if self.complete:
                self.body = b"".join(pieces)
                return self.body

    async def send(self, message: Message) -> None:
        """Send the application's response, unless the body was cut off: the response would be an error about that."""
        if self.started or not self.fault:
            await self._send_with_headers(message)

    async def _send_with_headers(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.add_headers(message)
        await self._send(message)

    def add_headers(self, message: Message) -> None:
        """Add the security headers that the response does not set itself."""
        present = {name for name, _ in message["headers"]}
        for_all = FOR_EVERY_SITE if self.scope["state"].get("is_for_every_site") else ()
        added = [
            *for_all,
            *SECURITY_HEADERS,
            *([HSTS] if self.secure else ()),
            *([NO_STORE] if self._is_personal() else ()),
        ]
        new = dict(reversed([(n, v) for n, v in added if n not in present]))  # the first of a name counts
        message["headers"] = [*message["headers"], *new.items()]
        is_saved = message["status"] == HTTPStatus.SEE_OTHER or self.scope["state"].get("has_landed")
        if is_saved and self.scope["state"].get("is_drafted"):
            secure = "; Secure" if self.scope["scheme"] == "https" else ""
            cookie = f"{SAVED_COOKIE}={quote(self.scope['path'])}; Path=/; Max-Age=300; SameSite=Lax{secure}"
            message["headers"].append((b"set-cookie", cookie.encode()))

    def _is_personal(self) -> bool:
        """Return whether the response must not be cached: the API's, and any to a signed-in person."""
        return self.scope["path"].startswith(API) or self.scope["state"].get("actor") is not None

    async def refuse(self, document: Mapping[str, Any]) -> None:
        """Send a problem at once, then read the body for a while: closing the connection would lose the response."""
        headers = {} if self.complete else {"Connection": "close"}
        await self._send_whole(answer_problem(Request(self.scope), document, headers))

    async def fail(self) -> None:
        """Send the answer to an unexpected exception: a form with what was typed, ready to be sent again, or a problem.

        The form's page is not run again: it may fail too.
        """
        form = None
        if self.form is not None:
            request = Request(self.scope, self._form_again)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            form = await answer_form(request, status, "internal", text.t("error.internal"))
        if form is None:
            await self.refuse(problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal"))
        else:
            await self._send_whole(form)

    async def _form_again(self) -> Message:
        return {"type": "http.request", "body": self.form, "more_body": False}

    async def _send_whole(self, response: Response) -> None:
        start = {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
        await self._send_with_headers(start)
        await self._send({"type": "http.response.body", "body": response.body, "more_body": True})
        await self._linger()
        await self._send({"type": "http.response.body", "body": b""})

    async def _linger(self) -> None:
        if self.is_slow or (self.expects_continue and not self.received):
            return
        most = self.received + LINGER_BYTES
        with anyio.move_on_after(LINGER_SECONDS):
            while not self.complete and self.received < most:
                if (await self._next())["type"] != "http.request":
                    return


class RequestGuard:
    """ASGI middleware that refuses invalid requests before any route, and adds headers to every response."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.origin = settings.origin
        self.secure = settings.secure
        self.hosts = trusted_hosts(settings)
        self.proxies = settings.trusted_proxies
        self.english = settings.english
        self.slow_seconds = settings.slow_client_seconds
        self.upload_bytes = (settings.upload_megabytes + 1) * MEGABYTE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] == "HEAD":  # as GET, without its body: there is no other way to the same headers
            scope, send = {**scope, "method": "GET"}, without_body(send)
        scope["state"]["peer"] = (scope.get("client") or ("",))[0]
        set_client(scope, headers, self.proxies)
        # French by default; English when the browser prefers it and the deployment offers it.
        in_english = self.english and headers.get("accept-language", "").lower().startswith("en")
        token = text.language.set("en" if in_english else "fr")
        try:
            await self._check(scope, receive, send, headers)
        finally:
            text.language.reset(token)

    async def _check(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        media, options = parse_options_header(headers.get("content-type"))
        limit = self.upload_bytes if media == MULTIPART else BODY_BYTES
        clock = BodyClock(self.slow_seconds)
        request = GuardedRequest(scope, receive, send, headers, limit=limit, clock=clock, secure=self.secure)
        if media == MULTIPART and b"boundary" in options:
            request.text = MultipartText(options[b"boundary"])
        if not self._is_trusted_host(scope, headers):
            await request.refuse(problem(HTTPStatus.BAD_REQUEST, "unknown_host"))
        elif cross_site(scope, headers, self.origin):
            await request.refuse(problem(HTTPStatus.FORBIDDEN, "cross_site"))
        elif not is_utf8(options):
            await request.refuse(problem(HTTPStatus.BAD_REQUEST, "bad_request"))
        elif not request.complete and not request.too_large and media != MULTIPART and scope["method"] in UNSAFE:
            await self.check_body(request, media)
        else:
            await self.forward(request)

    def _is_trusted_host(self, scope: Scope, headers: Headers) -> bool:
        hosts = [HOST.fullmatch(host.lower()) for host in headers.getlist("host")]
        is_trusted = len(hosts) == 1 and hosts[0] is not None and hosts[0][1] in self.hosts
        return is_trusted or scope["path"].startswith(ANY_HOST_PREFIXES)

    async def check_body(self, request: GuardedRequest, media: bytes) -> None:
        """Read and validate a body without files, then forward the request or refuse it."""
        body = await request.read_body()
        request.form = body if media == FORM else None
        if body and media == FORM and not is_utf8_form(body):
            await request.refuse(problem(HTTPStatus.BAD_REQUEST, "bad_request"))
        elif body and media not in {FORM, PART} and request.scope["path"].startswith(API):
            try:
                validate(body)
            except Invalid as error:
                await request.refuse(problem(error.status, error.code, error.reasons))
            else:
                await self.forward(request)
        elif body is not None or request.fault:
            await self.forward(request)

    async def forward(self, request: GuardedRequest) -> None:
        """Run the application; refuse a body that turns out too large, and answer an unexpected exception with 500."""
        try:
            if not request.fault:
                await self.app(request.scope, request.receive, request.send)
        except Exception:
            if request.started:
                raise
            if not request.fault:  # an exception about a body that was cut off is expected
                await request.fail()
                raise
        finally:
            scope = request.scope  # for the log; of HEAD, another one than the server's
            scope["state"]["route"] = scope.get("route") or scope.get("endpoint")
        if request.fault and not request.started:
            document = problem(*request.fault)
            if request.too_large:
                document["limit_megabytes"] = request.limit // MEGABYTE
            await request.refuse(document)
