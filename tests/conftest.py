"""The ground of every test: a real PostgreSQL, a fresh database for each, the application over it.

``ESCOUADE_TEST_DATABASE_URL`` names another server (its user must own databases and roles); otherwise
the embedded one serves, shared by all workers.
"""

import os
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from app.config import ROOT, Settings
from app.db import Database
from app.embedded import embedded_server
from app.main import create_app, open_database
from tests.world import World, build


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a database of the server under test."""
    given = os.environ.get("ESCOUADE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    place = Path(tempfile.gettempdir()) / f"escouade-tests-{os.getuid()}"
    with embedded_server(place) as url:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            _run(url, f"alter system set {setting} = off")  # these databases live for one test
        _run(url, "select pg_reload_conf()")
        yield url


def _run(url: str, statement: str) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement.encode())


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def migrate(url: str) -> None:
    """Bring a database to the newest tables."""
    config = Config(str(ROOT / "alembic.ini"))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


@pytest.fixture(scope="session")
def template(server: str, worker_id: str) -> Iterator[tuple[str, World]]:
    """A migrated database with a small network in it, made once a worker."""
    name = f"test_{os.getpid()}_{worker_id}"
    _run(server, f"create database {name} template template0 encoding 'UTF8' locale 'C'")
    url = _named(server, name)
    try:
        migrate(url)
        database = open_database(url)
        try:
            world = build(database)
        finally:
            database.dispose()
        yield name, world
    finally:
        _run(server, f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The worker's name, with or without pytest-xdist."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "main"))


@pytest.fixture
def database(server: str, template: tuple[str, World]) -> Iterator[Database]:
    """A fresh copy of the small network: real transactions, nothing left behind."""
    name = f"{template[0]}_copy"
    _run(server, f"create database {name} template {template[0]} strategy wal_log")
    found = open_database(_named(server, name))
    try:
        yield found
    finally:
        found.dispose()
        _run(server, f"drop database if exists {name} with (force)")


@pytest.fixture
def world(template: tuple[str, World]) -> World:
    """Who and what is in the small network, as a test's own copy."""
    return deepcopy(template[1])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a test deployment, its files in a folder of its own."""
    return Settings(data_dir=tmp_path, base_url="http://testserver")


@pytest.fixture
def client(settings: Settings, database: Database) -> Iterator[TestClient]:
    """A browser or a program without any sign-in; redirects are shown, not followed."""
    with TestClient(create_app(settings, database), follow_redirects=False) as found:
        yield found
