"""Traces (OpenTelemetry) of requests, where the address of a collector is set and the extra ``otel`` is installed.

FastAPI makes the spans: one a request, and one for each of its dependencies and its handler. Their names are those of
routes and functions; the path and the query that were asked are taken out, as they hold codes, tokens and searches.
"""

import logging
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fastapi.telemetry import TelemetryConfig

from app import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger("escouade.traces")
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
ASKED = ("url.path", "url.query")
REMOVED = "REDACTED"


def telemetry() -> TelemetryConfig:
    """Return what FastAPI records: traces where a collector is named, nothing else and never by itself."""
    provider = _provider() if any(os.environ.get(name) for name in ENDPOINTS) else None
    return {
        "tracing": provider is not None,
        "tracer_provider": provider,
        "metrics": False,
        "logs": False,  # they would repeat the messages of exceptions
        "auto_configure": False,
    }


def _provider() -> "TracerProvider | None":
    if find_spec("opentelemetry.sdk") is None:
        log.error("no traces: a collector is named, and the extra otel is not installed")
        return None
    from opentelemetry.context import Context  # noqa: PLC0415 - installed with the extra alone
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    class WithoutRequest(SpanProcessor):
        """Takes what was asked out of a span, as soon as it begins."""

        def on_start(self, span: Span, parent_context: Context | None = None) -> None:
            """Replace the path and the query."""
            for name in ASKED:
                if name in (span.attributes or {}):
                    span.set_attribute(name, REMOVED)

    named = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "escouade"), "service.version": __version__}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(WithoutRequest())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
