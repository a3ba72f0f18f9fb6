"""pgbouncer of ``deploy/pgbouncer.ini``, as Debian builds it, between the application and a server of its own."""

import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from app.platform.database.embedded import embedded_server
from app.platform.database.login_role import login_url
from tests.proofs.proxy_in_front import DEBIAN, DEPLOY, environment
from tests.server import run_on_server

PATIENCE = 20.0


@contextmanager
def server_and_pooler() -> Iterator[tuple[str, str]]:
    """Yield the owner's address of a new server, and the address of requests through pgbouncer."""
    with tempfile.TemporaryDirectory(prefix="escouade-pooler-", dir="/tmp") as made:
        folder = Path(made)
        folder.chmod(0o755)
        with embedded_server(folder / "server") as owner_url:
            sockets = Path(str(make_url(owner_url).query["host"]))
            rules = sockets.parent / "pg_hba.conf"
            rules.write_text(f"local all escouade_app trust\n{rules.read_text('utf-8')}", encoding="utf-8")
            run_on_server(owner_url, "select pg_reload_conf()")
            with _pooler(folder, sockets) as port:
                requests = make_url(login_url(owner_url))._replace(host="127.0.0.1", port=port, query={})  # type: ignore[arg-type]
                yield owner_url, requests.render_as_string(hide_password=False)


@contextmanager
def _pooler(folder: Path, sockets: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
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
    (folder / "users").write_text('"escouade_app" ""\n', encoding="utf-8")
    switched: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses to run as root, as PostgreSQL does
        nobody = pwd.getpwnam("nobody")
        switched = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    variables = environment(folder) | {"LD_LIBRARY_PATH": str(folder)}
    command = [str(_readable_program(folder)), str(configuration)]
    process = subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True, **switched)
    try:
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        else:
            process.terminate()
            raise RuntimeError(f"pgbouncer did not start: {process.communicate(timeout=PATIENCE)[1]}")
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def _readable_program(folder: Path) -> Path:
    """Copy the program and its libraries where another account reads them, and return the program."""
    for path in (DEBIAN / "usr" / "sbin" / "pgbouncer", *DEBIAN.glob("usr/lib/*-linux-gnu/*.so*")):
        (folder / path.name).write_bytes(path.read_bytes())
        (folder / path.name).chmod(0o755)
    return folder / "pgbouncer"
