"""pgbouncer of ``deploy/pgbouncer.ini``, as Debian builds it, between the application and a server of its own."""

import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from app.platform.database.embedded import embedded_server
from app.platform.database.login_role import login_url
from tests.factories.waiting import free_port
from tests.proofs.proxy_in_front import DEBIAN, DEPLOY, environment
from tests.server import run_on_server

PATIENCE = 20.0


@dataclass
class Pooler:
    """A server's address as its owner, and pgbouncer in front: the addresses of requests and of jobs through it."""

    owner_url: str
    url: str
    jobs_url: str
    _start: Callable[[], "subprocess.Popen[str]"]
    _process: "subprocess.Popen[str]"

    def restart(self, seconds: float = 0) -> None:
        """Kill pgbouncer, and start it again after a time."""
        self._process.kill()
        self._process.communicate(timeout=PATIENCE)
        time.sleep(seconds)
        self._process = self._start()

    def stop(self) -> None:
        """End pgbouncer."""
        self._process.terminate()
        self._process.communicate(timeout=PATIENCE)


@contextmanager
def server_and_pooler() -> Iterator[Pooler]:
    """Yield a new server with pgbouncer in front."""
    with tempfile.TemporaryDirectory(prefix="escouade-pooler-", dir="/tmp") as made:
        folder = Path(made)
        folder.chmod(0o755)
        with embedded_server(folder / "server") as owner_url:
            sockets, owner = Path(str(make_url(owner_url).query["host"])), str(make_url(owner_url).username)
            rules = sockets.parent / "pg_hba.conf"
            trusted = f"local all escouade_app,{owner} trust\n"
            rules.write_text(trusted + rules.read_text("utf-8"), encoding="utf-8")
            run_on_server(owner_url, "select pg_reload_conf()")
            port = free_port()
            start = partial(_started, _configure(folder, sockets, port, ("escouade_app", owner)), folder, port)
            pooler = Pooler(owner_url, _at(login_url(owner_url), port), _at(owner_url, port), start, start())
            try:
                yield pooler
            finally:
                pooler.stop()


def _at(url: str, port: int) -> str:
    pooled = make_url(url)._replace(host="127.0.0.1", port=port, query={})  # type: ignore[arg-type]
    return pooled.render_as_string(hide_password=False)


def _configure(folder: Path, sockets: Path, port: int, users: tuple[str, ...]) -> list[str]:
    """Write the configuration, that of ``deploy/`` at another place, and return the command."""
    sample = (DEPLOY / "pgbouncer.ini").read_text("utf-8")
    for was, becomes in (
        ("host=127.0.0.1 port=5432", f"host={sockets} port=5432"),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("auth_type = scram-sha-256", "auth_type = trust"),
        ("/etc/pgbouncer/userlist.txt", str(folder / "users")),
        ("default_pool_size = 20", "default_pool_size = 3"),
    ):
        assert was in sample, was
        sample = sample.replace(was, becomes)
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(f"{sample}unix_socket_dir =\n", encoding="utf-8")
    (folder / "users").write_text("".join(f'"{user}" ""\n' for user in users), encoding="utf-8")
    return [str(_readable_program(folder)), str(configuration)]


def _started(command: list[str], folder: Path, port: int) -> "subprocess.Popen[str]":
    """Start pgbouncer, and return it once it listens."""
    switched: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses to run as root, as PostgreSQL does
        nobody = pwd.getpwnam("nobody")
        switched = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    variables = environment(folder) | {"LD_LIBRARY_PATH": str(folder)}
    process = subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True, **switched)
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process
        time.sleep(0.05)
    process.terminate()
    raise RuntimeError(f"pgbouncer did not start: {process.communicate(timeout=PATIENCE)[1]}")


def _readable_program(folder: Path) -> Path:
    """Copy the program and its libraries where another account reads them, and return the program."""
    for path in (DEBIAN / "usr" / "sbin" / "pgbouncer", *DEBIAN.glob("usr/lib/*-linux-gnu/*.so*")):
        (folder / path.name).write_bytes(path.read_bytes())
        (folder / path.name).chmod(0o755)
    return folder / "pgbouncer"
