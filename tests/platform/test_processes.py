"""The processes of ``serve``, without the application: restarts, shares of connections, what holds a port."""

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from app.platform.locations import ROOT
from app.platform.processes.exits import LASTING_SECONDS, LONGEST_DELAY, Backoff, describe
from app.platform.processes.ports import holder_of, listen
from app.platform.processes.shares import Shares
from tests.factories.waiting import wait_until


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0, "ended with status 0"),
        (70, "ended with status 70"),
        (-signal.SIGSEGV, "was killed by SIGSEGV"),
        (-signal.SIGKILL, "was killed by SIGKILL, perhaps by the system for want of memory"),
    ],
)
def test_end_of_a_process_is_described_by_its_signal_or_status(status: int, reason: str) -> None:
    assert describe(status) == reason


def test_backoff_doubles_to_its_limit_and_starts_again_after_a_long_life() -> None:
    backoff = Backoff()
    assert [backoff.after(1) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, LONGEST_DELAY, LONGEST_DELAY]
    assert backoff.after(LASTING_SECONDS) == 0.5


def test_excess_is_counted_above_the_worker_with_the_fewest_connections_that_accepts() -> None:
    shares = Shares(4)
    assert shares.excess(0, 2) == 0
    for position in range(3):
        shares.beat(position)
    shares.set(3, 0)  # it has never given a sign of life
    shares.set(0, 2)
    shares.set(1, 1)
    assert [shares.excess(0, 2), shares.excess(1, 1)] == [1, 0]
    shares.set(2, 0)
    assert shares.excess(0, 2) == 2
    shares.leave(2)
    assert shares.excess(0, 2) == 1


def test_holder_of_a_port_is_the_process_that_listens() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        holder = holder_of(port)
        assert holder is not None
        assert holder.pid == os.getpid()
    assert holder_of(port) is None


SCRIPT = """
import logging, os, signal, sys, time
from pathlib import Path
from app.platform.processes.generation import Generation, Program
from app.platform.processes.ports import listen

place = Path(sys.argv[1])
logging.basicConfig()

def work(ready):
{work}

with listen("127.0.0.1", 0) as listener:
    program = Program("worker", work, is_hung=(place / "hung").exists)
    sys.exit(Generation([program], listener, 0, announce=(place / "announced").touch).run())
"""
DIES_ONCE = """
    ready()
    if not (place / "once").exists():
        (place / "once").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    (place / "twice").write_text(str(os.getpid()))
    signal.pause()
"""
STOPS_ONCE = """
    if not (place / "once").exists():
        (place / "once").touch()
        ready()
        (place / "hung").touch()
        os.kill(os.getpid(), signal.SIGSTOP)
    (place / "hung").unlink(missing_ok=True)
    ready()
    (place / "twice").write_text(str(os.getpid()))
    signal.pause()
"""
NEVER_READY = """
    return 3
"""


WEB = """
import logging, os, sys, time
from functools import partial
from pathlib import Path
import uvicorn
from app.platform.processes.generation import Generation, Program
from app.platform.processes.ports import listen
from app.platform.processes.shares import Shares
from app.platform.processes.web_worker import WebWorker

place = Path(sys.argv[1])
logging.basicConfig()

async def answer(scope, receive, send):
    if scope["path"] == "/hang":
        time.sleep(600)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})

def work(ready):
    config = uvicorn.Config(answer, lifespan="off", ws="none", log_config=None)
    return WebWorker(config, listener, shares, 0, ready).serve_until_told()

with listen("127.0.0.1", 0) as listener:
    (place / "port").write_text(str(listener.getsockname()[1]))
    shares = Shares(1)
    program = Program("worker", work, is_hung=lambda: shares.silence(0) > 3, ended=partial(shares.leave, 0))
    sys.exit(Generation([program], listener, 0, announce=(place / "announced").touch).run())
"""


def generation(place: Path, work: str, script: str = SCRIPT) -> subprocess.Popen[str]:
    """Start a generation of one program, which is told to stop when its standard input ends."""
    command, pipe = [sys.executable, "-W", "error", "-c", script.replace("{work}", work), str(place)], subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stderr=pipe, text=True)


def test_dead_program_is_started_again_and_ends_once_the_supervisor_is_gone(tmp_path: Path) -> None:
    """The supervisor is the other end of a pipe: nothing else tells the generation to stop."""
    with generation(tmp_path, DIES_ONCE) as running:
        second = tmp_path / "twice"
        wait_until(lambda: second.exists() and second.read_text(encoding="utf-8"), 60)
        _, log = running.communicate(timeout=30)
    assert running.returncode == 0
    assert (tmp_path / "announced").exists()
    assert "was killed by SIGKILL" in log
    assert "the supervisor is gone" in log
    assert not psutil.pid_exists(int(second.read_text(encoding="utf-8")))


def test_program_that_was_stopped_is_killed_and_started_again(tmp_path: Path) -> None:
    """Two seconds: it is asked first where it was, and one that was stopped never answers."""
    with generation(tmp_path, STOPS_ONCE) as running:
        second = tmp_path / "twice"
        wait_until(lambda: second.exists() and second.read_text(encoding="utf-8"), 60)
        _, log = running.communicate(timeout=30)
    assert "gives no sign of life: killing it" in log
    assert "was killed by SIGKILL" in log


def test_web_worker_whose_event_loop_hangs_is_killed_and_started_again(tmp_path: Path) -> None:
    """Five seconds: a worker is given three without a sign of life. The log says where it hung."""
    with generation(tmp_path, "", WEB) as running:
        wait_until((tmp_path / "announced").exists, 60)
        port = int((tmp_path / "port").read_text(encoding="utf-8"))
        hanging = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        hanging.request("GET", "/hang")
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            hanging.getresponse()
        other = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        other.request("GET", "/")
        assert other.getresponse().status == 200
        hanging.close()
        other.close()
        _, log = running.communicate(timeout=60)
    assert "gives no sign of life" in log
    assert "in answer" in log
    assert running.returncode == 0


def test_program_ends_once_its_generation_is_killed(tmp_path: Path) -> None:
    (tmp_path / "once").touch()
    with generation(tmp_path, DIES_ONCE) as running:
        program = tmp_path / "twice"
        wait_until(lambda: program.exists() and program.read_text(encoding="utf-8"), 60)
        running.kill()
        wait_until(lambda: not psutil.pid_exists(int(program.read_text(encoding="utf-8"))), 60)
    assert running.returncode == -signal.SIGKILL


def test_generation_gives_up_when_a_program_never_gets_ready(tmp_path: Path) -> None:
    with generation(tmp_path, NEVER_READY) as running:
        assert running.stderr is not None
        log = running.stderr.read()
    assert running.returncode == 1
    assert log.count("ended with status 3") == 3
    assert not (tmp_path / "announced").exists()
