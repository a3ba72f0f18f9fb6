"""Fixtures that run the command line in this process, over a migrated database without rows."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from app.cli import main
from app.curricula.service import register_published
from app.platform.config import settings as process_settings
from app.platform.database.claims import ClaimKey, claim_key
from app.platform.database.transaction import Database
from app.platform.errors import Unavailable
from app.platform.messages.i18n import NBSP
from app.platform.security.keyring import KeyPurpose, create, load
from tests.database_copy import drop_database
from tests.server import copy_database, migrate, opened, run_on_server, with_database


@dataclass(frozen=True)
class Outcome:
    """The exit status and the output of a command, its no-break spaces as spaces."""

    status: int
    out: str
    err: str


Escouade = Callable[..., Outcome]


@pytest.fixture(scope="session")
def migrated(server: str, worker_id: str) -> Iterator[str]:
    """Yield the name of a migrated database without rows, created once per test worker."""
    name = f"cli_{os.getpid()}_{worker_id}"
    run_on_server(server, f"create database {name} template template0 encoding 'UTF8' locale 'C'")
    try:
        migrate(with_database(server, name))
        yield name
    finally:
        drop_database(server, name)


@pytest.fixture(scope="session")
def fresh_url(server: str, migrated: str) -> Iterator[Callable[[], str]]:
    """Yield a function that creates an empty migrated database and returns its URL; all are dropped at the end."""
    names: list[str] = []

    def create() -> str:
        name = f"{migrated}_{len(names)}"
        names.append(name)
        copy_database(server, name, migrated)
        return with_database(server, name)

    try:
        yield create
    finally:
        for name in names:
            drop_database(server, name)


@pytest.fixture
def empty(fresh_url: Callable[[], str]) -> Iterator[Database]:
    """Yield an empty deployment's database, with the published curricula that every command registers."""
    database = opened(fresh_url())
    with database.transaction() as db:
        register_published(db)
    try:
        yield database
    finally:
        database.dispose()


@pytest.fixture
def introduced() -> bool:
    """Whether a command's database is told its keyring first; not where the two are what a test is about."""
    return True


@pytest.fixture
def escouade(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, introduced: bool
) -> Iterator[Escouade]:
    """Yield a function that runs ``escouade`` with arguments over a database and returns its outcome."""
    for name in [n for n in os.environ if n.startswith("ESCOUADE_") and n != "ESCOUADE_TEST_DATABASE_URL"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("ESCOUADE_KEYRING", str(tmp_path / "keyring.json"))

    def run(database: Database, *arguments: object, **variables: str) -> Outcome:
        file = tmp_path / "keyring.json"
        if introduced and (file.exists() or (arguments[0] != "keys" and variables.get("environment") != "production")):
            introduce(database, file)
        monkeypatch.setenv("ESCOUADE_DATABASE_URL", database.addresses.url)
        monkeypatch.setenv("ESCOUADE_DATABASE_OWNER_URL", database.addresses.owner_url or database.addresses.url)
        for name, value in variables.items():
            monkeypatch.setenv(f"ESCOUADE_{name.upper()}", value)
        process_settings.cache_clear()
        monkeypatch.setattr(sys, "argv", ["escouade", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main()
        output = capsys.readouterr()
        return Outcome(int(exit_info.value.code or 0), output.out.replace(NBSP, " "), output.err.replace(NBSP, " "))

    yield run
    process_settings.cache_clear()


def url_of(database: Database) -> str:
    """Return the URL of a database as its owner, the password in clear."""
    return database.engine.url.render_as_string(hide_password=False)


def introduce(database: Database, file: Path) -> None:
    """Let the database know the keyring of a test's deployment: one that is made, or that the test wrote."""
    create(file)
    with suppress(OperationalError, Unavailable), database.engine.begin() as owner:
        keyring = load(file)
        for version in keyring.keys:
            row = claim_key(keyring.derived(KeyPurpose.CLAIMS, version=version)).model_dump()
            owner.execute(insert(ClaimKey).values(row).on_conflict_do_nothing())
