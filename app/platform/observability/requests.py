"""The outermost middleware: it gives each request its id, and writes one line about it when it has ended."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary

from fastapi.routing import iter_route_contexts
from opentelemetry import trace
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.platform.observability import figures as of_request
from app.platform.observability import metrics
from app.platform.observability.figures import REQUEST_ID, Figures

log = logging.getLogger("escouade.request")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def templates(site: Starlette) -> Mapping[int, str]:
    """Return the path of each route as it is declared, by the identity of the route or of what it serves."""
    found = {id(context.original_route): context.path_format or "" for context in iter_route_contexts(site.routes)}
    for route in site.routes:  # those of Starlette leave only what they serve in the scope
        for served in (getattr(route, "endpoint", None), getattr(route, "app", None)):
            if served is not None:
                found.setdefault(id(served), getattr(route, "path", ""))
    return found


def declared_path(scope: Scope) -> str:
    """Return the route of a request as it is declared, without the ids, codes and secrets of the path."""
    site: Starlette = scope["app"]
    if site not in _declared:
        _declared[site] = templates(site)
    matched = scope.get("route") or scope["state"].get("route")  # the outermost middleware has the second one alone
    return _declared[site].get(id(matched), "none")


_declared: WeakKeyDictionary[Starlette, Mapping[int, str]] = WeakKeyDictionary()


class RequestLog:
    """ASGI middleware around every request, refused ones included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        figures = Figures(of_request.request_id(Headers(scope=scope).get(REQUEST_ID, "")))
        token = of_request.current.set(figures)
        scope.setdefault("state", {})  # shared with the routes, whose guards set the actor
        trace.get_current_span().set_attribute("escouade.request_id", figures.id)
        started, status = perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID.lower().encode(), figures.id.encode())]
            await send(message)

        metrics.IN_PROGRESS.inc()
        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            log.exception("a request failed")
            status = status or HTTPStatus.INTERNAL_SERVER_ERROR
            raise
        finally:
            metrics.IN_PROGRESS.dec()
            self._end(scope, figures, status, perf_counter() - started)
            of_request.current.reset(token)

    def _end(self, scope: Scope, figures: Figures, status: int, seconds: float) -> None:
        """Write the line of a request; of one that nobody waited for, without a status."""
        actor = scope["state"].get("actor")
        route, method = declared_path(scope), scope["method"] if scope["method"] in METHODS else "other"
        metrics.observe(figures, method=method, route=route, status=status, seconds=seconds)
        fields: dict[str, Any] = {
            "route": route,
            "method": method,
            "status": status or None,
            "ms": round(seconds * 1000, 1),
            "statements": figures.statements,
            "waited_ms": None if figures.waited is None else round(figures.waited * 1000, 1),
            "person": None if actor is None else actor.person_id,
            "code": figures.code,
            "cause": figures.cause,
        }
        level = logging.WARNING if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO
        log.log(level, "request", extra=fields)
