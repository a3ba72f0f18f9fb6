"""The command line in this process, over a database of its own: migrated, and nobody in it yet."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import main
from app.curricula.service import register_published
from app.deployment import open_database
from app.platform.config import settings as process_settings
from app.platform.database.transaction import Database
from app.platform.messages.i18n import NBSP
from tests.conftest import _drop, _named, _run, migrate


@dataclass(frozen=True)
class Outcome:
    """What a command said, its no-break spaces as spaces, and its exit status."""

    status: int
    out: str
    err: str


Escouade = Callable[..., Outcome]


@pytest.fixture(scope="session")
def migrated(server: str, worker_id: str) -> Iterator[str]:
    """The name of a migrated database without a row of ours, made once a worker."""
    name = f"cli_{os.getpid()}_{worker_id}"
    _run(server, f"create database {name} template template0 encoding 'UTF8' locale 'C'")
    try:
        migrate(_named(server, name))
        yield name
    finally:
        _drop(server, name)


@pytest.fixture(scope="session")
def fresh_url(server: str, migrated: str) -> Iterator[Callable[[], str]]:
    """Make another empty migrated database; all are dropped at the end."""
    made: list[str] = []

    def make() -> str:
        name = f"{migrated}_{len(made)}"
        made.append(name)
        _run(server, f"create database {name} template {migrated} strategy wal_log")
        return _named(server, name)

    try:
        yield make
    finally:
        for name in made:
            _drop(server, name)


@pytest.fixture
def empty(fresh_url: Callable[[], str]) -> Iterator[Database]:
    """An empty deployment's database, with the published curricula as any command leaves it."""
    found = open_database(fresh_url())
    with found.transaction() as db:
        register_published(db)
    try:
        yield found
    finally:
        found.dispose()


@pytest.fixture
def escouade(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Escouade]:
    """Run ``escouade`` with its words, over a database: what it said, and its exit status."""
    for name in [n for n in os.environ if n.startswith("ESCOUADE_") and n != "ESCOUADE_TEST_DATABASE_URL"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("ESCOUADE_KEYRING", str(tmp_path / "keyring.json"))

    def run(database: Database, *words: object, **variables: str) -> Outcome:
        monkeypatch.setenv("ESCOUADE_DATABASE_URL", url_of(database))
        for name, value in variables.items():
            monkeypatch.setenv(f"ESCOUADE_{name.upper()}", value)
        process_settings.cache_clear()
        monkeypatch.setattr(sys, "argv", ["escouade", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return Outcome(int(left.value.code or 0), said.out.replace(NBSP, " "), said.err.replace(NBSP, " "))

    yield run
    process_settings.cache_clear()


def url_of(database: Database) -> str:
    """The address of a database, its password in clear."""
    return database.engine.url.render_as_string(hide_password=False)
