"""The supervisor of ``escouade serve``: it holds the listening socket and runs one generation, two during a reload.

SIGHUP starts another generation, with the code and the settings of that moment; once it is ready, the former one
drains. One that cannot start changes nothing. SIGTERM drains and ends with status 0, Ctrl+C ends at once, with 130.
"""

import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import NoReturn

from app.platform.observability import logs
from app.platform.processes.exits import Backoff, describe
from app.platform.processes.generation import STOP_SECONDS

log = logging.getLogger("escouade.serve")
INTERRUPTED = 128 + signal.SIGINT
ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072"}
"""glibc would keep memory for each of dozens of threads, and what a large answer took, once it is sent."""

METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""The folder in which the processes count their requests (``app/platform/observability/metrics.py``)."""


def become_supervisor(
    entry: str, options: Mapping[str, object], listener: socket.socket, *, secret: str, log_format: logs.Format
) -> NoReturn:
    """Replace this program by one that supervises ``entry`` and has loaded nothing else: it stays for months."""
    os.set_inheritable(listener.fileno(), True)
    started = [entry, options, listener.fileno(), secret, log_format]
    code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import main; main()"
    os.execv(sys.executable, [sys.executable, "-c", code, json.dumps(started)])  # noqa: S606 - our own program


def main() -> None:
    """Supervise what :func:`become_supervisor` names, and exit with its status."""
    entry, options, number, secret, log_format = json.loads(sys.argv[1])
    listener = socket.socket(fileno=number)
    listener.set_inheritable(False)
    logs.configure("serve", log_format)
    with TemporaryDirectory(prefix="escouade-metrics-") as folder:
        os.environ[METRICS] = folder  # read by what is loaded in the processes below
        sys.exit(Supervisor(entry, options, listener, secret=secret).run())


@dataclass(slots=True)
class _Running:
    """A generation's process, the pipe whose end it watches, and the one on which it says that it is ready."""

    process: subprocess.Popen[bytes]
    lifeline: int
    status: int
    began: float
    is_ready: bool = False


class Supervisor:
    """Runs ``entry``, ``module:function``, as a generation, with its options as JSON for its only argument.

    The value of the environment's variable ``secret`` reaches whoever reads the pipe of that name first, and nobody
    else: it is not in the generation's environment.
    """

    def __init__(self, entry: str, options: Mapping[str, object], listener: socket.socket, *, secret: str) -> None:
        self._entry, self._options, self._listener = entry, options, listener
        self._secret = os.environ.pop(secret, "")
        self._current: _Running | None = None
        self._next: _Running | None = None
        self._former: list[_Running] = []
        self._backoff = Backoff()
        self._start_at = 0.0
        self._first_status: int | None = None
        self._reload_asked = False
        self._signals: list[int] = []
        self._had_terminal = _has_terminal()
        self._awake, self._awake_end = os.pipe()
        for end in (self._awake, self._awake_end):
            os.set_blocking(end, False)

    def run(self) -> int:
        """Run until told to stop; return the exit status."""
        signal.set_wakeup_fd(self._awake_end, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # under nohup it stays ignored
            signal.signal(signal.SIGHUP, self._note)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while self._first_status is None:
            told = self._told()
            if told is not None:
                return self._stop(told)
            self._start_those_due()
            self._reload_if_asked()
            self._wait()
            self._look_after()
        return self._first_status

    def _note(self, number: int, _frame: object) -> None:
        self._signals.append(number)

    def _told(self) -> int | None:
        """Return the signal that stops the service, if one came; reload for those that ask for it."""
        while self._signals:
            number = self._signals.pop(0)
            if number != signal.SIGHUP:
                return number
            if self._had_terminal and not _has_terminal():
                return signal.SIGTERM  # the terminal was closed
            self._reload_asked = True
        return None

    def _reload_if_asked(self) -> None:
        """Start the next generation, once nothing else is starting."""
        if self._reload_asked and self._next is None and self._current is not None and self._current.is_ready:
            self._reload_asked = False
            log.info("reloading")
            self._next = self._launch()

    # Generations ---------------------------------------------------------------------------------

    def _launch(self) -> _Running:
        lifeline, held = os.pipe()
        status, ready = os.pipe()
        secret, given = os.pipe()
        os.write(given, self._secret.encode())
        os.close(given)
        passed = {"listener": self._listener.fileno(), "lifeline": lifeline, "ready": ready, "secret": secret}
        launch = {**self._options, **passed, "is_reload": self._current is not None}
        module, function = self._entry.split(":")
        code = f"import sys; sys.path[:] = {sys.path!r}; from {module} import {function}; {function}()"
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", code, json.dumps(launch)],
            pass_fds=tuple(passed.values()),
            env=ALLOCATOR | os.environ,
            process_group=0,  # Ctrl+C reaches the supervisor alone
        )
        for end in (lifeline, ready, secret):
            os.close(end)
        return _Running(process, held, status, time.monotonic())

    def _start_those_due(self) -> None:
        if self._current is None and time.monotonic() >= self._start_at:
            self._current = self._launch()

    def _wait(self) -> None:
        starting = [g for g in (self._current, self._next) if g is not None and not g.is_ready and g.status >= 0]
        watched = {generation.status: generation for generation in starting}
        due = 0.5 if self._current is None else 5.0
        readable, _, _ = select.select([self._awake, *watched], [], [], due)
        if self._awake in readable:
            with suppress(BlockingIOError):
                os.read(self._awake, 4096)
        for end, generation in watched.items():
            if end in readable:
                generation.is_ready = bool(os.read(end, 1))
                os.close(end)
                generation.status = -1

    def _look_after(self) -> None:
        """Let the next generation take over once it is ready, and deal with those that have ended."""
        self._former = [generation for generation in self._former if not self._has_ended(generation)]
        if self._next is not None and self._next.is_ready and self._current is not None:
            log.info(
                "reloaded: process %d serves, process %d drains", self._next.process.pid, self._current.process.pid
            )
            self._current.process.send_signal(signal.SIGTERM)
            self._former.append(self._current)
            self._current, self._next = self._next, None
        if self._next is not None and self._has_ended(self._next):
            reason = describe(self._next.process.returncode)
            log.error("not reloaded: the new generation %s; the former one goes on", reason)
            self._next = None
        if self._current is not None and self._has_ended(self._current):
            self._replace(self._current)

    def _replace(self, dead: _Running) -> None:
        """Start a generation again that has died; end instead when the first one never was ready."""
        self._current, self._next, promoted = self._next, None, self._next
        if not dead.is_ready and promoted is None and not self._start_at:
            self._first_status = max(dead.process.returncode, 1)
            if dead.process.returncode < 0:
                log.error("the service did not start: its process %s", describe(dead.process.returncode))
            return
        delay = self._backoff.after(time.monotonic() - dead.began)
        self._start_at = time.monotonic() + delay
        reason = describe(dead.process.returncode)
        log.error("the application (process %d) %s; starting it again in %.1f s", dead.process.pid, reason, delay)

    def _has_ended(self, generation: _Running) -> bool:
        if generation.process.poll() is None:
            return False
        for end in (generation.lifeline, generation.status):
            if end >= 0:
                os.close(end)
        generation.lifeline = generation.status = -1
        return True

    def _stop(self, number: int) -> int:
        """Stop every generation: they drain after SIGTERM; another signal, or too long a wait, kills them."""
        self._listener.close()
        running = [g for g in (self._current, self._next, *self._former) if g is not None]
        for generation in running:
            generation.process.send_signal(number)
        deadline = time.monotonic() + STOP_SECONDS + 5
        while running and time.monotonic() < deadline and not self._signals:
            self._former = running
            self._wait()
            running = [generation for generation in running if not self._has_ended(generation)]
        for generation in running:
            log.error("process %d did not stop: killing it", generation.process.pid)
            generation.process.kill()
            generation.process.wait()
            self._has_ended(generation)
        return INTERRUPTED if number == signal.SIGINT else 0


def _has_terminal() -> bool:
    """Return whether this process has a terminal: one that is closed takes it from all of its processes."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
