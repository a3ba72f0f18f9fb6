"""Fixtures: a deployment with a backup, shared by the tests that only read it, and empty places to restore into."""

import itertools
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.platform.backup.writing import Source, write_backup
from app.platform.database.transaction import Database
from app.platform.files.folder import FolderStore
from app.platform.security.keyring import save
from tests.cli.conftest import escouade  # noqa: F401 - the fixture that runs commands
from tests.conftest import RING
from tests.factories.network import World
from tests.recovery.deployments import Unseen, empty_database
from tests.server import addresses_of, with_database

FILES = (b"le premier fichier", b"le second" * 500_000)
_number = itertools.count()


@pytest.fixture
def introduced() -> bool:
    """Databases know the keyring of the tests, or are empty: see :func:`keyring_file`."""
    return False


@pytest.fixture(autouse=True)
def keyring_file(tmp_path: Path) -> Path:
    """The keyring of the tests' databases, where commands look for it."""
    save(tmp_path / "keyring.json", RING)
    return tmp_path / "keyring.json"


@pytest.fixture(autouse=True)
def signal_handlers() -> Iterator[None]:
    """Commands change how this process takes signals: it takes them as before afterwards."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def shared_backup(server: str, template: tuple[str, World], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the small network and two files."""
    root, place = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("backups")
    for content in FILES:
        FolderStore(root).store(content)
    addresses = addresses_of(with_database(server, template[0]))
    return write_backup(place, Source(addresses.owner_url or "", FolderStore(root), RING), Unseen())[0]


@pytest.fixture
def backup(shared_backup: Path, tmp_path: Path) -> Path:
    """A copy of the backup, to damage."""
    return Path(shutil.copytree(shared_backup, tmp_path / shared_backup.name))


@pytest.fixture
def target(server: str, worker_id: str) -> Iterator[Database]:
    """A database without anything in it."""
    with empty_database(server, f"restored_{os.getpid()}_{worker_id}_{next(_number)}") as database:
        yield database


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of files of a deployment."""
    return tmp_path / "data"


@pytest.fixture
def second_target(server: str, worker_id: str) -> Iterator[Database]:
    """Another database without anything in it."""
    with empty_database(server, f"restored_{os.getpid()}_{worker_id}_{next(_number)}") as database:
        yield database
