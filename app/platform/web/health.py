"""Health checks and metrics: liveness of the process, readiness of the deployment, what Prometheus reads."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from app import __version__
from app.platform.errors import NotFound
from app.platform.observability.access import may_observe
from app.platform.observability.exposition import render
from app.platform.observability.reports import document, summary
from app.platform.security.guards import NoActor
from app.platform.web.deps import ReportDep, SettingsDep

router = APIRouter(include_in_schema=False)


@router.get("/health/live")
def live(_: NoActor) -> dict[str, str]:
    """Return that the process responds."""
    return {"status": "ok"}


@router.get("/health/ready")
def ready(_: NoActor, request: Request, settings: SettingsDep, report: ReportDep) -> Response:
    """Return whether requests are served, 503 when not, and which checks fail; the whole report with the token."""
    content: dict[str, Any] = summary(report)
    if may_observe(settings, _peer(request), request.headers):
        content = document(report, version=__version__)
    status = HTTPStatus.SERVICE_UNAVAILABLE if report.failing else HTTPStatus.OK
    return JSONResponse(
        content, status, {"Cache-Control": "no-store", **({"Retry-After": "5"} if report.failing else {})}
    )


@router.get("/metrics")
def read_metrics(_: NoActor, request: Request, settings: SettingsDep, report: ReportDep) -> Response:
    """Return the metrics in Prometheus' text format; raise ``NotFound`` for whoever may not read them."""
    if not may_observe(settings, _peer(request), request.headers):
        raise NotFound
    return Response(render(report, settings), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _peer(request: Request) -> str:
    """Return the address at the other end of the connection, before a proxy's word was taken for it."""
    return str(request.scope["state"].get("peer", ""))
