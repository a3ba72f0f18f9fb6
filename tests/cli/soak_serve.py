"""The faults that take a whole deployment with its embedded server: minutes, so ``make soak`` runs them."""

import os
import pty
import signal
import sys
from pathlib import Path

import psutil
import pytest

from app.platform.locations import ROOT
from tests.cli.serving import Served, serve
from tests.factories.waiting import free_port, wait_until

EMBEDDED = {"environment": "development"}


def postgres(served: Served) -> list[psutil.Process]:
    """Return the processes of the service's own PostgreSQL."""
    everything = psutil.Process(served.process.pid).children(recursive=True)
    return [process for process in everything if "postgres" in process.name()]


def test_killed_database_is_started_again_while_requests_get_503(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with serve(tmp_path, **EMBEDDED) as served:
        wait_until(lambda: served.ask("/connexion") == 200)
        postmaster = min(postgres(served), key=lambda process: process.create_time())
        postmaster.kill()
        statuses: list[int] = []

        def ask() -> int:
            statuses.append(served.ask("/connexion"))
            return statuses[-1]

        wait_until(lambda: ask() == 503)
        wait_until(lambda: ask() == 200)
        assert "the embedded PostgreSQL server was killed by SIGKILL" in served.log
        assert set(statuses) <= {200, 503}


def test_killed_supervisor_leaves_neither_the_port_nor_a_process(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with serve(tmp_path, **EMBEDDED) as served:
        family = served.family() - {served.process.pid}
        served.process.kill()
        served.process.wait()
        wait_until(lambda: served.ask() == 0)
        wait_until(lambda: not any(psutil.pid_exists(pid) for pid in family))
    with serve(tmp_path, **EMBEDDED) as again:
        wait_until(lambda: again.ask("/connexion") == 200)


@pytest.mark.parametrize("asked", ["closed", "told to reload"])
def test_terminal_that_is_closed_stops_the_service_and_a_reload_does_not(tmp_path: Path, asked: str) -> None:
    tmp_path.chmod(0o755)
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ESCOUADE_", "PORT"))}
    child, terminal = pty.fork()
    if not child:
        os.chdir(ROOT)
        code = "from app.cli import main; main()"
        arguments = [sys.executable, "-c", code, "serve", "--port", str(port)]
        os.execve(sys.executable, arguments, clean | {"ESCOUADE_DATA_DIR": str(tmp_path)})  # noqa: S606 - ours
    shown = b""
    while str(port).encode() not in shown:
        shown += os.read(terminal, 4096)
    if asked == "closed":
        os.close(terminal)
    else:
        os.kill(child, signal.SIGHUP)
        while b"drains" not in shown:
            shown += os.read(terminal, 4096)
        os.kill(child, signal.SIGTERM)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
