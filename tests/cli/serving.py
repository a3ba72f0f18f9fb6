"""``escouade serve`` as people run it, in processes of its own."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil

from app.platform.locations import ROOT
from app.platform.security.keyring import save
from tests.conftest import RING
from tests.factories.waiting import TIMEOUT, free_port, wait_until


class Served:
    """A running service: its port, its supervisor, its log."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port = port
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        """All that it has printed."""
        return self._log.read_text(encoding="utf-8")

    def connect(self) -> HTTPConnection:
        """Return a connection, open."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.connect()
        return connection

    def ask(self, path: str = "/health/live") -> int:
        """Return the status of a request on a connection of its own; 0 when there was no answer."""
        with suppress(OSError, HTTPException):
            connection = self.connect()
            try:
                connection.request("GET", path)
                return connection.getresponse().status
            finally:
                connection.close()
        return 0

    def generations(self) -> list[psutil.Process]:
        """Return the processes that the supervisor has started."""
        return list(psutil.Process(self.process.pid).children())

    def workers(self) -> list[psutil.Process]:
        """Return the web and job workers of the newest generation."""
        children = self.generations()[-1].children()
        return [child for child in children if "postgres" not in child.name()]

    def connections(self) -> Counter[int]:
        """Return how many connections that clients have opened each process holds."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        held = [(child.pid, c) for child in family for c in child.net_connections("tcp")]
        return Counter(pid for pid, c in held if c.status == "ESTABLISHED" and c.laddr.port == self.port)

    def family(self) -> set[int]:
        """Return the supervisor and all that has come of it."""
        supervisor = psutil.Process(self.process.pid)
        return {supervisor.pid, *(child.pid for child in supervisor.children(recursive=True))}


@contextmanager
def serve(place: Path, *arguments: str, **variables: str) -> Iterator[Served]:
    """Run ``escouade serve`` until it answers; kill it at the end, if it still runs."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ESCOUADE_", "PORT"))}
    given = {"ESCOUADE_DATA_DIR": str(place), **{f"ESCOUADE_{name.upper()}": text for name, text in variables.items()}}
    port, log = free_port(), place / "serve.log"
    save(place / "keyring.json", RING)
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port), *arguments]
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=clean | given, stdout=output, stderr=output)
    served = Served(port, process, log)
    try:
        wait_until(lambda: served.log.count(f":{port}") or process.poll() is not None)
        assert process.poll() is None, served.log
        yield served
    finally:
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            for child in family:
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        process.wait(TIMEOUT)
