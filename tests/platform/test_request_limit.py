"""The limits of requests: places, time in the database, slow senders; beyond them 503 or 408, and what was typed."""

import logging
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import anyio
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import TextClause, text
from sqlalchemy.exc import OperationalError

from app.main import create_app
from app.platform.admission import RETRY_SECONDS, Admission
from app.platform.config import Settings
from app.platform.database.time_limits import JOB, REPORT, TimeLimits
from app.platform.database.transaction import Database
from app.platform.errors import Unavailable
from app.platform.web.incoming.slow import BodyClock, timed_protocol
from tests.conftest import RING
from tests.factories.network import World, as_
from tests.platform.test_middleware import served

REQUESTS = 60
AT_ONCE = 20
LIMITS = "select current_setting('statement_timeout'), current_setting('lock_timeout')"


def test_more_requests_than_connections_all_get_a_response(settings: Settings, database: Database) -> None:
    small = Database(database.addresses, pool_size=2, admission_seconds=30)
    with served(create_app(settings, small, RING)) as port:

        def ask(_: int) -> int:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=60) as answer:
                return int(answer.status)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            assert list(pool.map(ask, range(REQUESTS))) == [200] * REQUESTS
    assert small.request_engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    small.dispose()


@pytest.fixture
def busy(client: TestClient, database: Database, world: World) -> Iterator[TestClient]:
    """Yield Maude's browser on a service that has no place left."""
    as_(client, database, world, "maude")
    database.admission = full = Admission(0, 0.05)
    yield client
    assert full.refused > 0
    assert (full.in_use, full.waiting) == (0, 0)


def test_request_without_a_place_is_told_when_to_retry(
    busy: TestClient, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "escouade.request"):
        call = busy.get("/api/v1/me")
        page = busy.get("/parcours")
        form = busy.post("/entreprises", data={"name": "Scierie du Lac", "sector": "Bois d’œuvre de la région"})
    for answer in (call, page, form):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(RETRY_SECONDS))
    assert call.json()["code"] == "busy"
    assert "Bois d’œuvre de la région" in form.text
    assert "Scierie du Lac" in form.text
    lines = [(r.status, r.code) for r in caplog.records if r.name == "escouade.request"]  # type: ignore[attr-defined]
    assert lines == [(503, "busy")] * 3


def test_place_is_given_back_after_a_refusal() -> None:
    async def run() -> None:
        admission = Admission(2, 0.05)
        async with admission.place("one"):
            assert admission.in_use == 1
            with pytest.raises(Unavailable):  # a route has half of the places
                async with admission.place("one"):
                    pass
            async with admission.place("two"):
                assert admission.in_use == 2
        async with admission.place("one"), admission.place("two"):
            pass
        assert (admission.in_use, admission.waiting, admission.refused) == (0, 0, 1)

    anyio.run(run)


@pytest.fixture
def hurried(database: Database) -> Iterator[Database]:
    """Yield the database with the shortest time limits."""
    found = Database(database.addresses, limits=TimeLimits(statement=0.3, lock=0.1, idle=1))
    yield found
    found.dispose()


def test_each_kind_of_work_has_its_time(hurried: Database, client: TestClient) -> None:
    with hurried.transaction() as db:
        assert tuple(db.connection().exec_driver_sql(LIMITS).one()) == ("300ms", "100ms")
        db.connection().exec_driver_sql(REPORT.sql)
        assert tuple(db.connection().exec_driver_sql(LIMITS).one()) == ("2min", "2s")
    with hurried.as_owner() as db:
        assert tuple(db.connection().exec_driver_sql(LIMITS).one()) == ("15min", "1min")
    assert JOB.statement > REPORT.statement


@contextmanager
def locked(database: Database, table: str) -> Iterator[None]:
    """Hold the lock of a table as a careless operator would."""
    with database.as_owner() as db:
        db.execute(text(f"lock table {table} in access exclusive mode"))
        yield


def test_lock_on_one_table_leaves_other_pages_answered(
    settings: Settings, database: Database, world: World, client: TestClient
) -> None:
    """Requests for the locked table take more than the whole pool: the others get their answers meanwhile."""
    as_(client, database, world, "maude")
    headers = {"Authorization": client.headers["Authorization"]}
    small = Database(database.addresses, pool_size=4, limits=TimeLimits(lock=0.3), admission_seconds=20)
    site = create_app(settings, small, RING)

    def ask(path: str) -> tuple[int, str]:
        answer = browser.get(path, headers=headers)
        return answer.status_code, answer.json().get("code", "")

    with TestClient(site) as browser, locked(database, "mandate"), ThreadPoolExecutor(16) as pool:
        stuck = [pool.submit(ask, "/api/v1/mandates") for _ in range(12)]
        assert [ask("/api/v1/me")[0] for _ in range(10)] == [200] * 10
        assert {waited.result() for waited in stuck} == {(503, "locked")}
    small.dispose()


def test_statement_out_of_time_is_503_with_its_code(
    settings: Settings, database: Database, hurried: Database, world: World
) -> None:
    site = create_app(settings, hurried, RING)

    @site.get("/api/slow")
    def slow() -> None:
        with hurried.transaction() as db:
            db.execute(text("select pg_sleep(20)"))

    @site.get("/api/idle")
    def idle() -> None:
        with hurried.transaction() as db:
            pid = db.connection().exec_driver_sql("select pg_backend_pid()").scalar_one()
            gone = text("select count(*) from pg_stat_activity where pid = :pid")
            while database_says(database, gone, pid):
                time.sleep(0.02)
            db.connection().exec_driver_sql("select 1")

    with TestClient(site) as browser:
        for path, codes in (("/api/slow", {"too_slow"}), ("/api/idle", {"too_slow", "unavailable"})):
            answer = browser.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(RETRY_SECONDS))
            assert answer.json()["code"] in codes


def database_says(database: Database, query: TextClause, pid: int) -> int:
    with database.as_owner() as db:
        return int(db.execute(query, {"pid": pid}).scalar_one())


def test_time_limits_hold_for_the_opening_too(hurried: Database, database: Database) -> None:
    with locked(database, "sign_in"), pytest.raises(OperationalError), hurried.transaction() as db:
        db.execute(text("select count(*) from sign_in"))


@contextmanager
def timed_server(site: FastAPI, seconds: float) -> Iterator[int]:
    """Serve as ``escouade serve`` does, with so many seconds for headers; yield the port."""
    config = uvicorn.Config(site, log_level="error", http=timed_protocol(seconds), lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


SLOW = {
    "nothing": b"",
    "half a header": b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-",
    "a second request": b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /health",
}


@pytest.mark.parametrize("sent", SLOW)
def test_connection_with_slow_headers_is_closed(settings: Settings, database: Database, sent: str) -> None:
    site = create_app(settings, database, RING)
    with timed_server(site, 0.2) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(SLOW[sent])
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert received.count(b"HTTP/1.1 200") == (1 if sent == "a second request" else 0)


def test_body_that_trickles_in_is_408_and_closed(settings: Settings, database: Database) -> None:
    site = create_app(settings.model_copy(update={"slow_client_seconds": 0.2}), database, RING)
    start = b"POST /api/v1/sign-ins HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\n"
    with timed_server(site, 20) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(start + b"Content-Length: 60\r\n\r\n{")
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert received.startswith(b"HTTP/1.1 408")
    assert b'"code":"request_timeout"' in received


def test_body_has_more_time_the_more_arrives() -> None:
    clock = BodyClock(10)
    assert 9 < clock.left(0) <= 10
    assert 19 < clock.left(160_000) <= 20
