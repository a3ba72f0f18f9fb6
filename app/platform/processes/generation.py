"""A generation: a process that has loaded the application, forks the programs that run it, and keeps them running.

It has one thread and no open connection when it forks. It ends its programs when it is told to, or when the supervisor
is gone; each program ends when the generation is gone, so that ``kill -9`` of either leaves nothing behind.
"""

import faulthandler
import gc
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import NoReturn

from app.platform.processes.exits import Backoff, describe

log = logging.getLogger("escouade.serve")
TICK_SECONDS = 0.5
STOP_SECONDS = 20.0
"""How long programs may take to stop, draining included; then they are killed."""
ABORT_SECONDS = 2.0
"""How long a program that is hung may take to say where it was; then it is killed, as one that was stopped must be."""
EARLY_DEATHS = 3
"""So many deaths before everything is ready: the generation cannot start."""
CRASHED = 70
"""The exit status of a program that an exception ended (``EX_SOFTWARE``)."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a process of a generation runs: ``run`` takes what to call once it is ready, and returns an exit status.

    ``is_hung`` is asked at each tick of a program that is ready; ``ended`` is called after its end.
    """

    name: str
    run: Callable[[Callable[[], None]], int]
    is_hung: Callable[[], bool] = lambda: False
    ended: Callable[[], None] = lambda: None


@dataclass(slots=True)
class _Child:
    program: Program
    backoff: Backoff = field(default_factory=Backoff)
    pid: int = 0
    ready_end: int = -1
    is_ready: bool = False
    began: float = 0.0
    next_start: float = 0.0
    kill_at: float | None = None


class Generation:
    """The programs of one generation; ``announce`` is called once all are ready, ``keep_up`` at each tick."""

    def __init__(
        self,
        programs: Sequence[Program],
        listener: socket.socket,
        lifeline: int,
        *,
        announce: Callable[[], None],
        keep_up: Callable[[], None] | None = None,
    ) -> None:
        self._children = [_Child(program) for program in programs]
        self._listener, self._lifeline = listener, lifeline
        self._announce, self._keep_up = announce, keep_up
        self._early_deaths = 0
        self._is_announced = False
        self._told: int | None = None
        self._life, self._life_end = os.pipe()
        self._awake, self._awake_end = os.pipe()
        for end in (self._awake, self._awake_end):
            os.set_blocking(end, False)

    def run(self) -> int:
        """Keep the programs running until told to stop; return the exit status."""
        signal.set_wakeup_fd(self._awake_end, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_later)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # wakes the loop
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        gc.collect()
        gc.freeze()  # what is loaded stays: no child's collector touches, and so copies, its pages
        while self._told is None:
            self._start_those_due()
            self._wait()
            self._bury()
            if self._early_deaths >= EARLY_DEATHS:
                log.error("%d processes ended before the service was ready: giving up", self._early_deaths)
                self._stop(signal.SIGTERM)
                return 1
            self._check_those_ready()
            if self._told is None and self._keep_up is not None:
                self._keep_up()
        self._stop(self._told)
        return 0

    def _stop_later(self, number: int, _frame: object) -> None:
        self._told = self._told or number

    def _wait(self) -> None:
        """Wait for a signal, a program that is ready, the end of the supervisor, or the next tick."""
        starting = {child.ready_end: child for child in self._children if child.ready_end >= 0}
        lifeline = [self._lifeline] if self._told is None else []
        readable, _, _ = select.select([self._awake, *lifeline, *starting], [], [], TICK_SECONDS)
        if self._awake in readable:
            with suppress(BlockingIOError):
                os.read(self._awake, 4096)
        if self._lifeline in readable and not os.read(self._lifeline, 1):
            log.error("the supervisor is gone: stopping")
            self._told = signal.SIGTERM
        for end, child in starting.items():
            if end in readable:
                child.is_ready = bool(os.read(end, 1))
                os.close(end)
                child.ready_end = -1

    # Starting and ending -------------------------------------------------------------------------

    def _start_those_due(self) -> None:
        for child in self._children:
            if not child.pid and child.next_start <= time.monotonic():
                self._start(child)

    def _start(self, child: _Child) -> None:
        child.ready_end, ready = os.pipe()
        child.began, child.is_ready = time.monotonic(), False
        sys.stdout.flush()
        sys.stderr.flush()
        child.pid = os.fork()
        if not child.pid:
            self._become(child.program, ready)
        os.close(ready)

    def _become(self, program: Program, ready: int) -> NoReturn:
        """Run a program, in the process that has just been forked, and end it."""
        status = CRASHED
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            faulthandler.enable()  # SIGABRT says where each thread was
            for end in (self._life_end, self._awake, self._awake_end, self._lifeline):
                os.close(end)
            Thread(target=_end_with_parent, args=(self._life,), daemon=True).start()
            status = program.run(lambda: _tell(ready))
        except SystemExit as ending:
            status = ending.code if isinstance(ending.code, int) else CRASHED
        except KeyboardInterrupt:
            status = 128 + signal.SIGINT
        except BaseException:
            log.exception("%s failed", program.name)
        finally:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(status)  # nothing of the generation is unwound here

    def _bury(self) -> None:
        """Log the programs that have ended, and plan when each starts again."""
        for child in self._children:
            ended, status = os.waitpid(child.pid, os.WNOHANG) if child.pid else (0, 0)
            if not ended:
                continue
            self._forget(child)
            if self._told is not None:
                continue
            self._early_deaths += not self._is_announced
            delay = child.backoff.after(time.monotonic() - child.began)
            child.next_start = time.monotonic() + delay
            reason = describe(os.waitstatus_to_exitcode(status))
            log.error("%s (process %d) %s; starting it again in %.1f s", child.program.name, ended, reason, delay)

    def _forget(self, child: _Child) -> None:
        child.pid, child.kill_at = 0, None
        if child.ready_end >= 0:
            os.close(child.ready_end)
            child.ready_end = -1
        child.program.ended()

    def _check_those_ready(self) -> None:
        for child in self._children:
            if child.pid and child.is_ready and child.program.is_hung():
                log.error("%s (process %d) gives no sign of life: killing it", child.program.name, child.pid)
                os.kill(child.pid, signal.SIGABRT)
                child.is_ready = False  # once
                child.kill_at = time.monotonic() + ABORT_SECONDS
            elif child.pid and child.kill_at is not None and time.monotonic() >= child.kill_at:
                os.kill(child.pid, signal.SIGKILL)
        if not self._is_announced and all(child.is_ready for child in self._children):
            self._is_announced = True
            self._announce()

    def _stop(self, number: int) -> None:
        """Tell the programs to stop, and wait until they have; kill those that take too long."""
        self._listener.close()
        deadline = time.monotonic() + STOP_SECONDS
        self._told = number
        self._signal(number)
        while any(child.pid for child in self._children) and time.monotonic() < deadline:
            self._wait()
            self._bury()
        for child in self._children:
            if child.pid:
                log.error("%s (process %d) did not stop: killing it", child.program.name, child.pid)
                os.kill(child.pid, signal.SIGKILL)
                os.waitpid(child.pid, 0)

    def _signal(self, number: int) -> None:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, number)


def _tell(ready: int) -> None:
    """Tell the generation that this program is ready."""
    with suppress(OSError):
        os.write(ready, b"1")
        os.close(ready)


def _end_with_parent(life: int) -> None:
    """Stop this process when the generation is gone: orderly, then for good."""
    os.read(life, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os._exit(CRASHED)
