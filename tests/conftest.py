"""What tests share: a real PostgreSQL, the small network in a database, the application over it.

``ESCOUADE_TEST_DATABASE_URL`` names another server (its user must own databases and roles); otherwise
the embedded one serves, shared by all workers.

Nothing of the application but its keyring is imported before a fixture asks for it: ``--unit`` runs the tests of
rules, schemas and curricula alone, where neither the web framework nor the database can be imported.
"""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.platform.security.keyring import new_keyring
from tests.log_watch import LogWatch
from tests.unit import TESTS, NoWebNorDatabase, is_unit

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from app.platform.config import Settings
    from app.platform.database.transaction import Database
    from tests.database_copy import DatabaseCopy
    from tests.factories.network import World
    from tests.factories.s3_server import S3Server

SITE = "http://testserver"
RING = new_keyring()
REQUEST = "request-of-a-test"
"""The id of each request of ``client``: answers are compared byte for byte."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--unit``."""
    parser.addoption("--unit", action="store_true", help="only tests that need neither the web nor the database")


def pytest_configure(config: pytest.Config) -> None:
    """With ``--unit``, make the web framework and the database impossible to import."""
    if config.getoption("unit"):
        sys.meta_path.insert(0, NoWebNorDatabase())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With ``--unit``, leave out the other files."""
    is_ours = collection_path.is_relative_to(TESTS) and (collection_path.is_dir() or collection_path.suffix == ".py")
    return True if config.getoption("unit") and is_ours and not is_unit(collection_path) else None


def pytest_collection_finish() -> None:
    """Keep the collector of garbage from going through every module and test again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def log_watch() -> Iterator[LogWatch]:
    """Yield the reader of every record of the run."""
    watch = LogWatch()
    with watch.attached():
        yield watch


@pytest.fixture(autouse=True)
def nobody_in_the_logs(log_watch: LogWatch) -> Iterator[None]:
    """Fail the test during which a name, an address or a secret was written to a log."""
    log_watch.listen()
    yield
    assert log_watch.leaks() == []


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """The same hash at the least cost: hundreds of sign-ins at the real one would say nothing more."""
    from app.identity.account import passwords

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", passwords.Cost(memory=8, passes=1))
        yield


@pytest.fixture(scope="session")
def server(worker_id: str) -> Iterator[str]:
    """The URL of a database of the server under test."""
    from app.platform.database.embedded import embedded_server
    from tests.server import login_role_of_its_own, run_on_server

    given = os.environ.get("ESCOUADE_TEST_DATABASE_URL")
    if given:
        with login_role_of_its_own(given, f"escouade_test_{os.getpid()}_{worker_id}"):
            yield given
        return
    place = _roomy() / f"escouade-tests-{os.getuid()}"
    with embedded_server(place) as url:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "jit", "autovacuum"):
            run_on_server(url, f"alter system set {setting} = off")  # these databases live for one run
        run_on_server(url, "select pg_reload_conf()")
        yield url


def _roomy() -> Path:
    """Memory, where this machine keeps files in it and has 2 GB free; else the folder for temporary files."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of one's own user within it
    fits = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3
    return memory if fits else Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def template(server: str, worker_id: str) -> "Iterator[tuple[str, World]]":
    """A migrated database with a small network in it, made once a worker."""
    from tests.database_copy import drop_database
    from tests.factories.network import build
    from tests.server import migrate, opened, run_on_server, with_database

    name = f"test_{os.getpid()}_{worker_id}"
    run_on_server(server, f"create database {name} template template0 encoding 'UTF8' locale 'C'")
    url = with_database(server, name)
    try:
        migrate(url)
        database = opened(url)
        try:
            world = build(database)
        finally:
            database.dispose()
        yield name, world
    finally:
        drop_database(server, name)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The worker's name, with or without pytest-xdist."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "main"))


@pytest.fixture(scope="session")
def database_copy(server: str, template: "tuple[str, World]") -> "Iterator[DatabaseCopy]":
    """The small network's database, one a worker: ``database`` puts it back after each test."""
    from tests.database_copy import DatabaseCopy

    copy = DatabaseCopy(server, template[0])
    yield copy
    copy.close()


@pytest.fixture
def database(database_copy: "DatabaseCopy") -> "Iterator[Database]":
    """The small network's database: real transactions, nothing left behind."""
    yield database_copy.open()
    database_copy.put_back()


@pytest.fixture
def sealed_record(database: "Database") -> None:
    """Append the record to the hash chain: that of the shared network waits for it since the run began."""
    from app.platform.audit.hash_chain import append

    with database.as_owner() as db:
        append(db, RING, whole=True)


@pytest.fixture
def world(template: "tuple[str, World]") -> "World":
    """Who and what is in the small network, as a test's own copy."""
    return deepcopy(template[1])


@pytest.fixture
def settings(tmp_path: Path) -> "Settings":
    """Settings of a test deployment, its files in a folder of its own."""
    from app.platform.config import Settings

    return Settings(data_dir=tmp_path, base_url=SITE, outgoing_loopback=True)


@pytest.fixture(scope="session")
def s3_process(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[S3Server]":
    """A server of buckets, started for the first test that asks for one."""
    from tests.factories.s3_server import s3_server

    with s3_server(tmp_path_factory.mktemp("buckets")) as server:
        yield server


@pytest.fixture
def s3(s3_process: "S3Server") -> "Iterator[S3Server]":
    """The server of buckets; it runs again after a test that stopped it."""
    yield s3_process
    if s3_process.process is None:
        s3_process.start()


@pytest.fixture(scope="session")
def site() -> "FastAPI":
    """The application, put together once a worker: its routes take a third of a second to build."""
    from app.main import create_app
    from app.platform.config import Settings
    from app.platform.database.transaction import Addresses, Database

    return create_app(Settings(base_url=SITE), Database(Addresses("postgresql+psycopg://nowhere/none")), RING)


@pytest.fixture
def client(site: "FastAPI", settings: "Settings", database: "Database") -> "Iterator[TestClient]":
    """A browser or a program without any sign-in; redirects are shown, not followed."""
    from fastapi.testclient import TestClient
    from starlette.datastructures import State

    from app.deployment import CHECKS
    from app.features import JOBS
    from app.identity.sign_in.authentication import AUTHENTICATION
    from app.platform.observability.checkup import Checkup

    state = {"settings": settings, "database": database, "authentication": AUTHENTICATION, "keyring": RING}
    site.state = State({**state, "checkup": Checkup(CHECKS), "jobs": JOBS})
    with TestClient(site, follow_redirects=False, headers={"X-Request-ID": REQUEST}) as found:
        yield found
