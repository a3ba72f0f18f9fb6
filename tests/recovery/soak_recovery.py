"""Backups under load, a server whose disk fills up, recovery to a moment: ``make soak``, not ``make test``.

Servers of their own are started, by the account that runs the tests (``nobody`` for root), on a port of 127.0.0.1: each
PostgreSQL from 15 on that this machine has, the wheel's and the system's.
"""

import os
import pwd
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from app.deployment import knows, prepare
from app.platform.backup.manifest import read_backup
from app.platform.backup.restoring import Target, restore, state_of
from app.platform.backup.writing import Source, write_backup
from app.platform.database.embedded import OLDEST_VERSION, SYSTEM_FOLDERS, WHEEL, embedded_server
from app.platform.database.login_role import login_url
from app.platform.database.transaction import Addresses, Database
from app.platform.errors import Unavailable
from app.platform.files.folder import FolderStore
from app.platform.security.keyring import KeyPurpose
from tests.conftest import RING
from tests.factories.network import World
from tests.recovery.deployments import Unseen, empty_database
from tests.server import addresses_of, driver_url

pytestmark = pytest.mark.timeout(0)
WRITERS = 4


def installed() -> list[Path]:
    """Return the folders of programs of each server that this machine has, the oldest supported one first."""
    found = find_spec(WHEEL)
    folders = [path for root in (found and found.submodule_search_locations) or () for path in Path(root).glob("*/bin")]
    folders += [path for pattern in SYSTEM_FOLDERS for path in Path("/").glob(pattern)]
    return sorted(path for path in folders if (path / "pg_basebackup").exists() and major(path) >= OLDEST_VERSION)


def major(binaries: Path) -> int:
    shown = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return int(shown.split()[2].partition(".")[0])


# Backup while people write -----------------------------------------------------------------------


class Writers:
    """Threads that commit numbered rows one after the other, and note each that was acknowledged."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.acknowledged: list[tuple[str, float]] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(WRITERS)]

    def __enter__(self) -> "Writers":
        with psycopg.connect(driver_url(self.url), autocommit=True) as connection:
            connection.execute("drop table if exists soak; create table soak (name text primary key)")
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, writer: int) -> None:
        with psycopg.connect(driver_url(self.url), autocommit=True) as connection:
            number = 0
            while not self._stop.is_set():
                number += 1
                name = f"{writer}-{number}"
                connection.execute("insert into soak (name) values (%s)", [name])
                self.acknowledged.append((name, time.time()))


def written(database: Database) -> set[str]:
    with database.engine.connect() as owner:
        return set(owner.execute(text("select name from soak")).scalars())


def test_every_write_acknowledged_before_a_backup_is_in_it(
    server: str, database: Database, world: World, tmp_path: Path
) -> None:
    assert world.people
    url = database.addresses.owner_url or ""
    for run in range(5):
        with Writers(url) as writers:
            while len(writers.acknowledged) < 200 * (run + 1):
                time.sleep(0.01)
            before = {name for name, _ in writers.acknowledged}
            began = time.time()
            folder, manifest = write_backup(
                tmp_path / "backups", Source(url, FolderStore(tmp_path / "data"), RING), Unseen()
            )
            took, during = time.time() - began, len(writers.acknowledged) - len(before)
        with empty_database(server, f"soak_{os.getpid()}_{run}") as target:
            began = time.time()
            place = Target(target.addresses.owner_url or "", target.addresses.url, FolderStore(tmp_path / "restored"))
            state = restore(read_backup(folder, RING), place, knows, Unseen())
            back = time.time() - began
            kept = written(target)
        lost = [at for name, at in writers.acknowledged if name not in kept]
        window = time.time() - back - min(lost) if lost else 0.0
        sys.stderr.write(
            f"backup {run}: {took:.2f} s, {during} writes meanwhile; {len(before)} acknowledged before, "
            f"{len(before - kept)} of them lost; RPO {window:.1f} s ({len(lost)} later writes), RTO {back:.2f} s\n"
        )
        assert before <= kept
        assert state == manifest.state


# A server whose disk fills up --------------------------------------------------------------------


def test_server_whose_disk_fills_up_restores_nothing(tmp_path: Path) -> None:
    """Its files may not exceed 40 MB: a table of 60 MB fails in the middle of its rows, as on a full disk."""
    tmp_path.chmod(0o711)
    (tmp_path / "backups").mkdir()
    with embedded_server(tmp_path / "full") as url:
        addresses = Addresses(login_url(url), url, RING.derived(KeyPurpose.CLAIMS))
        prepare(addresses, RING)
        with psycopg.connect(driver_url(url), autocommit=True) as owner:
            owner.execute(
                "create table soak as select repeat(md5(i::text), 8) as name from generate_series(1, 250000) i"
            )
        folder, manifest = write_backup(
            tmp_path / "backups", Source(url, FolderStore(tmp_path / "data"), RING), Unseen()
        )
    assert manifest.state.rows["public.soak"] == 250000
    found = read_backup(folder, RING)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000_000, before[1]))
    try:
        with embedded_server(tmp_path / "small") as url:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            place = Target(url, login_url(url), FolderStore(tmp_path / "restored"))
            with pytest.raises(Unavailable) as refusal:
                restore(found, place, knows, Unseen())
            sys.stderr.write(f"{refusal.value.params['detail']}\n")
            assert "File too large" in str(refusal.value.params["detail"])
            assert state_of(url).rows == {}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# Recovery to a moment ----------------------------------------------------------------------------


@dataclass
class Cluster:
    """A server of its own, as docs/backup.md sets it up."""

    binaries: Path
    place: Path
    port: int

    @property
    def url(self) -> str:
        """The address of its database, as the owner."""
        return f"postgresql+psycopg://owner:x@127.0.0.1:{self.port}/escouade"

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run a program of PostgreSQL as the account that the server runs as."""
        account: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        with (self.place / "log").open("ab") as log:
            subprocess.run(
                [self.binaries / program, *arguments], check=True, stdout=log, stderr=log, cwd="/", **account
            )

    def start(self, data: Path) -> None:
        """Start the server on a data folder."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="
        self.run("pg_ctl", "start", "-w", "-t", "120", "-D", data, "-o", options)

    def stop(self, data: Path) -> None:
        """Stop the server."""
        self.run("pg_ctl", "stop", "-w", "-m", "fast", "-D", data)

    def as_superuser(self, statement: str, database: str = "postgres") -> Any:
        """Run a statement and return its first value, if any."""
        address = f"host=127.0.0.1 port={self.port} user=super dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return (found.fetchone() or (None,))[0] if found.description else None


@contextmanager
def cluster(binaries: Path, place: Path) -> Iterator[Cluster]:
    """Yield a cluster with an archive of its log, its database migrated; stopped afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for folder in (place, place / "wal"):
        folder.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
    made = Cluster(binaries, place, port)
    made.run("initdb", "-D", place / "data", "--auth=trust", "--username=super", "--encoding=UTF8", "--locale=C")
    archive = f"test ! -f {place}/wal/%f && cp %p {place}/wal/%f.part && mv {place}/wal/%f.part {place}/wal/%f"
    with (place / "data" / "postgresql.conf").open("a") as settings:
        settings.write(f"wal_level = replica\narchive_mode = on\narchive_command = '{archive}'\narchive_timeout = 60\n")
    made.start(place / "data")
    try:
        made.as_superuser("create role owner login createrole password 'x'")
        made.as_superuser("create database escouade owner owner encoding 'UTF8' template template0")
        prepare(addresses_of(made.url), RING)
        yield made
    finally:
        for data in (place / "data", place / "recovered"):
            with suppress(subprocess.CalledProcessError):
                made.stop(data)


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that the server's account reaches, removed afterwards."""
    place = Path(f"/tmp/escouade-soak-{os.getpid()}-{time.monotonic_ns()}")  # noqa: S108 - made by this test
    place.mkdir(mode=0o755)
    yield place
    shutil.rmtree(place)


@pytest.mark.parametrize("binaries", installed(), ids=lambda path: f"PostgreSQL {major(path)} in {path.parent.name}")
def test_recovery_to_a_moment_keeps_what_was_before_and_nothing_after(binaries: Path, reachable: Path) -> None:
    """The steps of docs/backup.md: archive, base backup, writes, a mistake, recovery to just before it."""
    if not all(step.stat().st_mode & 0o001 for step in (binaries, *binaries.parents)):
        binaries = Path(shutil.copytree(binaries.parent, reachable / "programs")) / "bin"
        subprocess.run(["chmod", "-R", "a+rX", reachable / "programs"], check=True)
    with cluster(binaries, reachable / "cluster") as made:
        data, base, recovered = (made.place / name for name in ("data", "base", "recovered"))
        address = f"host=127.0.0.1 port={made.port} user=super"
        with Writers(made.url) as writers:
            made.run("pg_basebackup", "-D", base, "--checkpoint=fast", "-X", "none", "-d", address)
            while len(writers.acknowledged) < 500:
                time.sleep(0.01)
        before = {name for name, _ in writers.acknowledged}
        time.sleep(0.01)
        moment = datetime.now(UTC)
        time.sleep(0.01)
        made.as_superuser("delete from soak", "escouade")  # the mistake
        last = made.as_superuser("select pg_walfile_name(pg_switch_wal())")
        deadline = time.monotonic() + 120
        while not (made.place / "wal" / last).exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        made.stop(data)
        began = time.monotonic()
        recover(made, base, recovered, moment)
        with psycopg.connect(f"host=127.0.0.1 port={made.port} user=super dbname=escouade") as connection:
            kept = {name for (name,) in connection.execute("select name from soak")}
        sys.stderr.write(
            f"PostgreSQL {major(binaries)}: {len(before)} acknowledged before the mistake, {len(before - kept)} lost, "
            f"{len(kept - before)} from later; RTO {time.monotonic() - began:.1f} s\n"
        )
        assert kept == before


def recover(made: Cluster, base: Path, recovered: Path, moment: datetime) -> None:
    """Recover a base backup to a moment, and wait until the server takes writes again."""
    base.rename(recovered)
    with (recovered / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"restore_command = 'cp {made.place}/wal/%f %p'\n")
        settings.write(f"recovery_target_time = '{moment.isoformat()}'\nrecovery_target_action = 'promote'\n")
    (recovered / "recovery.signal").touch()
    made.start(recovered)
    while made.as_superuser("select pg_is_in_recovery()"):
        time.sleep(0.05)
