"""``escouade serve``: shares of connections, deaths, reload, drain; links use the address that it listens on.

Real servers: each start loads the application, which takes seconds. The tests share two, but for the one that stops it.
"""

import os
import shutil
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, text

from app.cli.serve.serving import server_config, settings_at_port
from app.curricula.library import DEFAULT_ROOT, publish
from app.platform.config import settings
from app.platform.database.transaction import Database
from tests.cli.conftest import Escouade
from tests.cli.serving import Served, serve
from tests.factories.waiting import wait_until
from tests.server import addresses_of


@pytest.fixture(scope="module")
def database_settings(fresh_url: Callable[[], str]) -> dict[str, str]:
    """Return the settings of a migrated, empty database."""
    url = fresh_url()
    return {"database_url": addresses_of(url).url, "database_owner_url": url}


@pytest.fixture(scope="module")
def curricula(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the folder of the paths."""
    return Path(shutil.copytree(DEFAULT_ROOT, tmp_path_factory.mktemp("folder") / "curricula"))


@pytest.fixture(scope="module")
def served(
    database_settings: dict[str, str], curricula: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Yield a service of two web workers."""
    place = tmp_path_factory.mktemp("served")
    with serve(place, "--workers", "2", curricula_dir=str(curricula), **database_settings) as running:
        yield running


def test_version_published_while_it_runs_is_offered_by_both_workers(
    served: Served, curricula: Path, database_settings: dict[str, str]
) -> None:
    """Four connections are two of each worker. What is offered may be followed: the database knows it too."""
    wait_until(lambda: not served.connections())
    connections = [served.connect() for _ in range(4)]

    def statuses() -> set[int]:
        found = set()
        for connection in connections:
            connection.request("GET", "/parcours-publies/generaliste/1.0.1")
            answer = connection.getresponse()
            answer.read()
            found.add(answer.status)
        return found

    assert statuses() == {404}
    former = (curricula / "generaliste/1.0.yaml").read_text("utf-8")
    (curricula / "generaliste/1.0.1.yaml").write_text(former.replace('version: "1.0"', 'version: "1.0.1"', 1), "utf-8")
    shutil.copytree(curricula / "generaliste/1.0", curricula / "generaliste/1.0.1")
    assert statuses() == {404}
    publish(curricula, "generaliste", "1.0.1")
    wait_until(lambda: statuses() == {200})
    assert sorted(served.connections().values()) == [2, 2]
    for connection in connections:
        connection.close()
    engine = create_engine(database_settings["database_owner_url"])
    known = "select count(*) from published_curriculum where version = '1.0.1'"
    with engine.connect() as db:
        wait_until(lambda: db.execute(text(known)).scalar_one() == 1)
    engine.dispose()


def test_eight_connections_are_shared_by_two_workers_as_four_and_four(served: Served) -> None:
    wait_until(lambda: not served.connections())
    connections = [served.connect() for _ in range(8)]
    for connection in connections:
        connection.request("GET", "/health/live")
        assert connection.getresponse().read()
    held = served.connections()
    for connection in connections:
        connection.close()
    assert sorted(held.values()) == [4, 4]


def test_metrics_are_those_of_both_workers_whichever_answers(served: Served) -> None:
    wait_until(lambda: not served.connections())
    connections = [served.connect() for _ in range(4)]
    found: list[dict[tuple[str, str], float]] = []
    for path in ("/health/live", "/metrics"):
        for connection in connections:
            connection.request("GET", path)
            text = connection.getresponse().read().decode()
            if path == "/metrics":
                families = text_string_to_metric_families(text)
                samples = (sample for family in families for sample in family.samples)
                found.append({(s.name, s.labels.get("route", "")): s.value for s in samples})
    assert len(served.connections()) == 2
    for connection in connections:
        connection.close()
    assert {read["escouade_pool_size", ""] for read in found} == {20}
    asked = [read["escouade_requests_total", "/health/live"] for read in found]
    assert asked[0] >= 4
    assert asked == sorted(asked), "no worker forgets what the other has counted"


def test_killed_worker_is_logged_with_its_signal_and_started_again(served: Served) -> None:
    dead = served.workers()[0]
    dead.send_signal(signal.SIGSEGV)
    wait_until(lambda: f"(process {dead.pid}) was killed by SIGSEGV; starting it again" in served.log)
    wait_until(lambda: len(served.workers()) == 2)
    assert served.ask() == 200


def test_killed_generation_is_logged_and_started_again_on_the_same_port(served: Served) -> None:
    [dead] = served.generations()
    workers = served.workers()
    dead.kill()
    wait_until(lambda: f"the application (process {dead.pid}) was killed by SIGKILL" in served.log)
    wait_until(lambda: served.ask() == 200 and served.generations())
    wait_until(lambda: not any(psutil.pid_exists(worker.pid) for worker in workers))


class Client(threading.Thread):
    """Sends requests one after the other, on one connection or on a new one each time, until told to stop."""

    def __init__(self, served: Served, *, keeps: bool) -> None:
        super().__init__()
        self.statuses: Counter[int] = Counter()
        self.errors: list[Exception] = []
        self.stopped = threading.Event()
        self._served, self._keeps = served, keeps
        self.start()

    def run(self) -> None:
        connection: HTTPConnection | None = None
        while not self.stopped.is_set():
            try:
                connection = connection or self._served.connect()
                connection.request("GET", "/connexion")
                answer = connection.getresponse()
                answer.read()
                self.statuses[answer.status] += 1
                if answer.will_close or not self._keeps:
                    connection.close()
                    connection = None
            except (OSError, HTTPException) as error:
                self.errors.append(error)
                connection = None
        if connection is not None:
            connection.close()


def test_reload_loses_no_request(served: Served) -> None:
    """Over open connections and over new ones; the former generation ends once the new one serves."""
    wait_until(lambda: served.generations() and served.ask() == 200)
    [former] = served.generations()
    clients = [Client(served, keeps=keeps) for keeps in (True, True, False)]
    try:
        wait_until(lambda: all(client.statuses for client in clients))
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not psutil.pid_exists(former.pid))
        counts = [client.statuses.total() for client in clients]
        wait_until(lambda: all(client.statuses.total() > n for client, n in zip(clients, counts, strict=True)))
    finally:
        for client in clients:
            client.stopped.set()
        for client in clients:
            client.join()
    assert [client.errors for client in clients] == [[], [], []]
    assert {status for client in clients for status in client.statuses} == {200}
    assert f"process {former.pid} drains" in served.log


def test_port_that_is_taken_is_refused_with_the_process_that_holds_it(
    served: Served, escouade: Escouade, empty: Database
) -> None:
    done = escouade(empty, "serve", "--port", served.port)
    assert done.status == 1
    assert f"127.0.0.1:{served.port} est déjà pris par python" in done.err
    assert any(f"(processus {pid})" in done.err for pid in served.family())


def test_told_to_stop_it_finishes_the_request_under_way_and_refuses_others(
    database_settings: dict[str, str], tmp_path: Path
) -> None:
    """A start of its own: it ends. Half of a form has come when the service is told to stop."""
    with serve(tmp_path, **database_settings) as served:
        body = b"email=a%40example.com&password=b"
        connection = socket.create_connection(("127.0.0.1", served.port), timeout=30)
        head = f"POST /connexion HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n\r\n"
        connection.sendall(head.encode() + body[:7])
        idle = served.connect()
        wait_until(lambda: served.connections().total() == 2)
        served.process.terminate()
        wait_until(lambda: served.ask() == 0)
        connection.sendall(body[7:])
        answer = connection.recv(65536).decode("latin-1")
        assert answer.startswith("HTTP/1.1 4"), answer[:200]
        assert "connection: close" in answer
        idle.close()
        connection.close()
        assert served.process.wait(30) == 0
        assert "Traceback" not in served.log


def test_interrupted_it_ends_with_the_status_of_ctrl_c(database_settings: dict[str, str], tmp_path: Path) -> None:
    with serve(tmp_path, "--workers", "2", **database_settings) as served:
        idle = served.connect()
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(30) == 128 + signal.SIGINT
        idle.close()
        assert "Traceback" not in served.log


def test_service_on_a_database_without_tables_says_so_and_ends(server: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="escouade migrate"), serve(tmp_path, database_url=server):
        pass


@pytest.fixture
def no_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Yield the environment without an address of the service, which is put back afterwards."""
    monkeypatch.setenv("ESCOUADE_BASE_URL", "")
    monkeypatch.delenv("ESCOUADE_BASE_URL")
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


def test_links_use_the_given_port(no_address: pytest.MonkeyPatch) -> None:
    """Links, QR codes and credentials come from ``base_url``; ``PORT=… make run`` gives the option."""
    assert settings_at_port(8123).base_url == "http://127.0.0.1:8123"
    assert settings().base_url == "http://127.0.0.1:8123", "what the job worker reads"
    os.environ.pop("ESCOUADE_BASE_URL")


def test_base_url_that_was_set_is_kept(no_address: pytest.MonkeyPatch) -> None:
    no_address.setenv("ESCOUADE_BASE_URL", "https://escouade.example.com")
    no_address.setenv("ESCOUADE_ENVIRONMENT", "development")
    assert settings_at_port(8123).base_url == "https://escouade.example.com"


def test_forwarded_addresses_are_not_believed_by_the_server(site: FastAPI) -> None:
    """By default uvicorn believes those from this machine."""
    config = server_config(site)
    config.load()
    assert config.loaded_app is site
