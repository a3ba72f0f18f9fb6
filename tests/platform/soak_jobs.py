"""The engine through outages of its server, longer than a test may take: ``make soak``."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.platform.config import Settings
from app.platform.jobs.queue import enqueue
from tests.factories.engine import running_engine, statuses
from tests.factories.waiting import wait_until
from tests.platform.test_job_outages import Server, server

__all__ = ["server"]
JOBS = 600


def processes(postmaster: int) -> list[int]:
    """Return a server's process and its children."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, check=True).stdout
    return [postmaster, *map(int, children.split())]


def seconds_to_next(server: Server) -> float:
    """Return the seconds until another job has ended."""
    before, started = len(server.ended), time.monotonic()
    wait_until(lambda: len(server.ended) > before)
    return time.monotonic() - started


@pytest.mark.timeout(0)
@pytest.mark.skipif(not Path("/proc").exists(), reason="no processes to look at")
def test_outages_fail_no_job_and_work_goes_on_within_ten_seconds(server: Server, settings: Settings) -> None:
    took: dict[str, float] = {}
    with server.database.as_owner() as db:
        enqueue(db, server.job, range(JOBS))
    with running_engine(server.database, settings, server.job):
        for name, outage in (("restart", 0), ("outage of 20 s", 20), ("restart again", 0)):
            reached = len(server.ended) + 20
            wait_until(lambda reached=reached: len(server.ended) > reached)  # type: ignore[misc]
            server.crash()
            time.sleep(outage)
            server.start()
            took[name] = seconds_to_next(server)
        frozen = processes(server.postmaster())
        for number in frozen:
            os.kill(number, signal.SIGSTOP)
        time.sleep(10)
        for number in frozen:
            os.kill(number, signal.SIGCONT)
        took["freeze of 10 s"] = seconds_to_next(server)
        wait_until(lambda: statuses(server.database, "trial") == [], seconds=600)
    twice = len(server.ended) - len(set(server.ended))
    sys.stderr.write(f"seconds until the next job after each: {took}; {twice} of {JOBS} jobs ended twice\n")
    assert set(server.ended) == set(range(JOBS))
    assert max(took.values()) < 10
