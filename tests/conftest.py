"""The ground of every test: a real PostgreSQL, a fresh database for each, the application over it.

``ESCOUADE_TEST_DATABASE_URL`` names another server (its user must own databases and roles); otherwise
the embedded one serves, shared by all workers.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from starlette.datastructures import State

from app.deployment import open_database
from app.identity.sign_in.authentication import authenticate
from app.main import create_app
from app.platform.config import Settings
from app.platform.database.embedded import embedded_server
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.security.keyring import new_keyring
from tests.audit_check import audited
from tests.factories.network import World, build

SITE = "http://testserver"
RING = new_keyring()
RECOMMENDED = PasswordHash.recommended
"""How the application hashes passwords; ``test_passwords`` holds its cost."""


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """The same hash at the least cost: hundreds of sign-ins at the real one would say nothing more."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PasswordHash, "recommended", lambda: cheap)
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a database of the server under test."""
    given = os.environ.get("ESCOUADE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    place = _roomy() / f"escouade-tests-{os.getuid()}"
    with embedded_server(place) as url:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "jit", "autovacuum"):
            _run(url, f"alter system set {setting} = off")  # these databases live for one test
        _run(url, "select pg_reload_conf()")
        yield url


def _roomy() -> Path:
    """Memory, where this machine keeps files in it and has 2 GB free; else the folder for temporary files."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of one's own user within it
    fits = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3
    return memory if fits else Path(tempfile.gettempdir())


def _drop(url: str, name: str) -> None:
    """Drop a database; an ordinary role may not end an autovacuum at work in it, and waits instead."""
    for _ in range(50):
        with suppress(psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            _run(url, f"drop database if exists {name} with (force)")
            return
        time.sleep(0.2)
    raise RuntimeError(f"{name} is still in use")


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
        _drop(server, name)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The worker's name, with or without pytest-xdist."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "main"))


@pytest.fixture
def database(server: str, template: tuple[str, World]) -> Iterator[Database]:
    """A fresh copy of the small network: real transactions, nothing left behind."""
    name = f"{template[0]}_copy"
    _run(server, f"create database {name} template {template[0]} strategy wal_log")
    found = audited(open_database(_named(server, name)))
    try:
        yield found
    finally:
        found.dispose()
        _drop(server, name)


@pytest.fixture
def world(template: tuple[str, World]) -> World:
    """Who and what is in the small network, as a test's own copy."""
    return deepcopy(template[1])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a test deployment, its files in a folder of its own."""
    return Settings(data_dir=tmp_path, base_url=SITE)


@pytest.fixture(scope="session")
def site() -> FastAPI:
    """The application, put together once a worker: its routes take a third of a second to build."""
    return create_app(Settings(base_url=SITE), Database("postgresql+psycopg://nowhere/none"), RING)


@pytest.fixture
def client(site: FastAPI, settings: Settings, database: Database) -> Iterator[TestClient]:
    """A browser or a program without any sign-in; redirects are shown, not followed."""
    site.state = State({"settings": settings, "database": database, "authenticate": authenticate, "keyring": RING})
    with TestClient(site, follow_redirects=False) as found:
        yield found
