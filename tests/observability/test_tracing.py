"""Traces: sent to the collector that is named, without what was asked; none, and no library loaded, otherwise."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.observability.tracing import telemetry
from tests.conftest import RING, SITE
from tests.factories.network import World, as_

CANARY = "Canariperche"


class Collector(ThreadingHTTPServer):
    """An OTLP collector on this machine: keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Yield a collector that the environment names."""
    server = Collector()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_requests_are_traced_without_what_was_asked(
    collector: Collector, database: Database, world: World, settings: Settings
) -> None:
    site = create_app(settings, database, RING)
    with TestClient(site, base_url=SITE, follow_redirects=False, headers={"X-Request-ID": "abcdef-12345"}) as client:
        as_(client, database, world, "coordinator")
        client.get(f"/api/v1/cohorts/{world.cohort}")
        client.get(f"/v/{CANARY}", params={"q": CANARY})
        client.post("/api/v1/sign-ins", json={"email": f"{CANARY}@exemple.ca", "password": CANARY})
    provider = site._telemetry["tracer_provider"]
    provider.shutdown()  # type: ignore[union-attr]
    assert all(CANARY.encode() not in body for body in collector.bodies)
    spans = [
        span
        for body in collector.bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    names = {span.name for span in spans}
    assert {"GET /api/v1/cohorts/{cohort_id}", "GET /v/{code}", "POST /api/v1/sign-ins"} <= names
    values = {a.value.string_value for s in spans for a in s.attributes if a.key == "escouade.request_id"}
    assert values == {"abcdef-12345"}


def test_without_a_collector_nothing_is_traced_nor_loaded() -> None:
    assert telemetry()["tracing"] is False
    program = "import sys, app.main; print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
