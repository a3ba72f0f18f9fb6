"""A whole installation on this machine: PostgreSQL, two web workers, a job worker, a network between, a mail server."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from app.deployment import prepare
from app.platform.database.embedded import find_binaries
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.security.keyring import save
from tests.conftest import RING
from tests.drill.clients import HOST, NO_ANSWER, Answer, Ask, Client
from tests.drill.units import PATIENCE, Unit
from tests.factories.mail_server import MailServer, listening
from tests.factories.waiting import free_port, wait_until
from tests.server import addresses_of, opened

WORKERS = 2
METRICS_TOKEN = "the token of the drill's metrics"
PROGRAM = [sys.executable, "-c", "from app.cli import main; main()"]
DISK = "2g"
"""The size of the disk of files, in memory."""


@dataclass
class Installation:
    """The running programs, and how to reach them."""

    place: Path
    port: int
    database_port: int
    mail: MailServer
    variables: dict[str, str]
    postgres: Unit
    network: Unit
    mail_line: Unit
    web: Unit
    worker: Unit
    database: Database

    @property
    def root(self) -> Path:
        """The folder of files."""
        return self.place / "data"

    @property
    def owner_url(self) -> str:
        """The owner's address of the database itself, past the network that is cut."""
        return f"postgresql+psycopg://owner:x@127.0.0.1:{self.database_port}/escouade"

    def units(self) -> dict[str, Unit]:
        """Return the programs by name."""
        return {unit.name: unit for unit in (self.postgres, self.network, self.mail_line, self.web, self.worker)}

    def web_workers(self) -> list[psutil.Process]:
        """Return the processes of the newest generation that serve requests."""
        processes = self.web.processes()
        generations = processes[0].children() if processes else []
        return generations[-1].children() if generations else []

    def as_superuser(self, statement: str, database: str = "escouade") -> None:
        """Run a statement as the administrator of PostgreSQL."""
        address = f"host=127.0.0.1 port={self.database_port} user=super dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def ready(self) -> Answer:
        """Return what /health/ready answers."""
        client = Client(self.port, "192.0.2.250")
        try:
            return client.send(Ask("/health/ready"))
        finally:
            client.close()

    def doctor(self) -> str:
        """Return the names of the checks that ``escouade doctor`` finds wrong."""
        done = self.command("doctor", "--json")
        try:
            checks = json.loads(done.stdout)["checks"]
        except ValueError:
            return (done.stderr.strip().splitlines() or ["nothing"])[-1][:60]
        return ", ".join(c["name"] for c in checks if c["ok"] is False) or "ok"

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the program as the operator does, with the owner's address."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ESCOUADE_", "PG"))}
        variables = clean | self.variables | {"ESCOUADE_DATABASE_OWNER_URL": self.through_network("owner")}
        return subprocess.run(
            [*PROGRAM, *arguments], cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=300
        )

    def through_network(self, role: str) -> str:
        """Return an address of the database through the network that is cut."""
        return self.variables["ESCOUADE_DATABASE_URL"].replace("escouade_app", role)

    def fill_disk(self) -> None:
        """Take away what is free of the disk of files."""
        used = shutil.disk_usage(self.root).used
        self._resize_disk(f"{used // 4096 * 4}k")

    def empty_disk(self) -> None:
        """Give the disk of files its size back."""
        self._resize_disk(DISK)

    def _resize_disk(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.root)], check=True)

    def letters_received(self) -> Counter[str]:
        """Return how many letters with an id of their own each invited person got."""
        ids = {(recipient.partition("@")[0], _message_id(data)) for _, recipient, data in list(self.mail.received)}
        return Counter(name for name, _ in ids)

    def all_running(self) -> bool:
        """Whether every program runs, with as many web workers as were asked for, none of them stopped."""
        workers = self.web_workers()
        are_running = all(worker.status() != psutil.STATUS_STOPPED for worker in workers)
        return all(unit.processes() for unit in self.units().values()) and len(workers) == WORKERS and are_running


def _message_id(data: bytes) -> bytes:
    return next(line for line in data.splitlines() if line.lower().startswith(b"message-id:"))


@contextmanager
def installed(place: Path) -> Iterator[Installation]:
    """Yield an installation whose database is migrated and empty; everything is stopped at the end."""
    place.chmod(0o755)
    with ExitStack() as stack:
        database_port, network_port, mail_port, port = free_port(), free_port(), free_port(), free_port()
        postgres = _postgres(place, database_port)
        stack.callback(postgres.stop)
        owner_url = f"postgresql+psycopg://owner:x@127.0.0.1:{database_port}/escouade"
        _create_database(database_port)
        prepare(addresses_of(owner_url), RING)
        mail = stack.enter_context(listening())
        network = _forwarder("network", place, network_port, database_port)
        stack.callback(network.stop)
        mail_line = _forwarder("mail line", place, mail_port, mail.port)
        stack.callback(mail_line.stop)
        (place / "data").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(place / "data")], check=True)
        stack.callback(subprocess.run, ["umount", str(place / "data")], check=True)
        save(place / "keyring.json", RING)
        variables = {
            "ESCOUADE_ENVIRONMENT": "production",
            "ESCOUADE_BASE_URL": f"https://{HOST}",
            "ESCOUADE_TRUSTED_PROXIES": "127.0.0.1",
            "ESCOUADE_DATA_DIR": str(place / "data"),
            "ESCOUADE_KEYRING": str(place / "keyring.json"),
            "ESCOUADE_DATABASE_URL": f"postgresql://escouade_app:x@127.0.0.1:{network_port}/escouade",
            "ESCOUADE_SMTP_URL": f"smtp://127.0.0.1:{mail_port}",
            "ESCOUADE_METRICS_TOKEN": METRICS_TOKEN,
        }
        database = opened(owner_url)
        stack.callback(database.dispose)
        web = Unit(
            "web", [*PROGRAM, "serve", "--workers", str(WORKERS), "--port", str(port)], place / "web.log",
            variables=variables,
        )  # fmt: skip
        stack.callback(web.stop)
        owner = {"ESCOUADE_DATABASE_OWNER_URL": variables["ESCOUADE_DATABASE_URL"].replace("escouade_app", "owner")}
        worker = Unit("worker", [*PROGRAM, "worker"], place / "worker.log", variables=variables | owner)
        stack.callback(worker.stop)
        made = Installation(
            place, port, database_port, mail, variables, postgres, network, mail_line, web, worker, database
        )  # fmt: skip
        wait_until(
            lambda: made.ready().status != NO_ANSWER and made.all_running(), PATIENCE, "the service did not start"
        )
        yield made


def _postgres(place: Path, port: int) -> Unit:
    """Start a server of its own, as an account that may: never root."""
    folder, binaries = place / "postgresql", find_binaries()
    account: dict[str, Any] = {}
    folder.mkdir()
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        shutil.chown(folder, "nobody")
        binaries = _readable_copy(binaries, place / "programs")
    setup: list[str | Path] = [
        binaries / "initdb",
        "-D",
        folder / "data",
        "--auth=trust",
        "--username=super",
        "--encoding=UTF8",
    ]
    subprocess.run([*setup, "--locale=C"], check=True, stdout=subprocess.DEVNULL, cwd="/", **account)
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "max_connections": 100}
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), *(f"--{k}={v}" for k, v in options.items())]
    unit = Unit("postgres", command, place / "postgres.log", cwd=Path("/"), **account)
    wait_until(lambda: "ready to accept" in unit.lines_since(0), PATIENCE, "PostgreSQL did not start")
    return unit


def _readable_copy(binaries: Path, place: Path) -> Path:
    """Return the programs, or a copy of the wheel's where another account does not reach them."""
    if all(step.stat().st_mode & 0o001 for step in (binaries, *binaries.parents)):
        return binaries
    package = binaries.parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, place / folder.name)
    subprocess.run(["chmod", "-R", "a+rX", place], check=True)
    return place / package.name / binaries.parent.name / "bin"


def _create_database(port: int) -> None:
    with psycopg.connect(f"host=127.0.0.1 port={port} user=super dbname=postgres", autocommit=True) as connection:
        connection.execute("create role owner login createrole password 'x'")
        connection.execute("create database escouade owner owner encoding 'UTF8' template template0")


def _forwarder(name: str, place: Path, port: int, target: int) -> Unit:
    command = [sys.executable, "-m", "tests.drill.forwarder", str(port), str(target)]
    return Unit(name, command, place / f"{name}.log", variables={"PYTHONPATH": str(ROOT)})
