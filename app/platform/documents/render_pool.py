"""The press: many things made by several processes at once, none of which can hurt the others.

``RenderPool(make)`` runs one function over what it is given, in processes of its own (``spawn``: nothing of the
parent's connections and locks goes with them). Results come in the order of what was given. One that takes too
long, too much memory, or the whole process with it, comes as a :class:`PressFailure`, and the others go on. Only a
few things wait at any time: memory does not grow with how many there are.

One entrance, frozen values in and bytes out: a faster press can take its place. Limits of time
and memory are set here, outside the PDF engine.
"""

import gc
import logging
import os
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from app.platform.errors import DomainError, Reason, Unavailable

log = logging.getLogger("escouade.press")
Thing = TypeVar("Thing")

WAITING = 2
"""Things that a process holds: the one it makes, and the next, so that it never waits for it."""
TIDY = 8
"""The collector of cycles runs once in so many things: left to itself it takes a tenth of the time."""
START_SECONDS = 120.0
MEGABYTE = 1024 * 1024


class RenderPoolUnavailable(Unavailable):
    """The processes end before they have started (503)."""

    code = "press_unavailable"


class RenderFailure(NamedTuple):
    """What was not made, and why: ``press_slow``, ``_memory``, ``_died`` or ``_fault``, or what refused it."""

    reason: Reason


Result: TypeAlias = bytes | RenderFailure
Refused: TypeAlias = tuple[str, dict[str, Any], str]
"""Code, values and, for a fault of ours, its traceback: how a refusal travels."""


class RenderPool(Generic[Thing]):
    """Processes that make bytes of things; use it in a ``with``: they start when first needed and end with it.

    ``make`` is importable by its name (a function of a module, or a ``partial`` of one), and things pickle.
    ``seconds`` is the longest that one thing may take, ``megabytes`` the most data that one process may hold
    (where the system can hold it to that: Linux).
    """

    def __init__(
        self, make: Callable[[Thing], bytes], processes: int | None = None, *, seconds: float = 60, megabytes: int = 600
    ) -> None:
        self._make = make
        self._seconds = seconds
        self._megabytes = megabytes
        self._hands: list[_Worker[Thing] | None] = [None] * (processes or os.cpu_count() or 1)
        self._stillborn = 0

    def __enter__(self) -> "RenderPool[Thing]":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes at once: what they still make is not wanted any more."""
        for hand in filter(None, self._hands):
            hand.end()
        self._hands = [None] * len(self._hands)

    def printed(self, things: Iterable[Thing]) -> Iterator[Result]:
        """What became of each thing, in order; things are taken a few at a time, as their results are.

        Raises :class:`PressUnavailable` when the processes do not even start.
        """
        run = _Run(iter(things), ahead=4 * len(self._hands))
        try:
            self._feed(run)
            while run.under_way:
                self._listen(run)
                self._feed(run)
                while run.out in run.done:
                    result = run.done.pop(run.out)
                    run.out += 1
                    self._feed(run)
                    yield result
        finally:
            if run.under_way:  # who asked has gone: what is being made must not come out of the next run
                self.close()

    def _feed(self, run: "_Run[Thing]") -> None:
        """One each before two each: the last things are shared out too."""
        for held in range(WAITING):
            for at, hand in enumerate(self._hands):
                if (len(hand.held) if hand else 0) == held and (job := run.next()):
                    hand = self._hands[at] = hand or _Worker(self._make, self._megabytes)  # noqa: PLW2901
                    hand.give(job, self._seconds)

    def _listen(self, run: "_Run[Thing]") -> None:
        """Wait until a process says something, ends, or has had its time."""
        busy = {hand.pipe: at for at, hand in enumerate(self._hands) if hand and hand.held}
        first = min(hand.deadline for hand in self._hands if hand and hand.held)
        heard = wait(list(busy), max(first - monotonic(), 0))
        for pipe, at in busy.items():
            hand = self._hands[at]
            if hand and pipe in heard:
                self._hear(run, at, hand)
            elif hand and hand.deadline <= monotonic():
                self._lose(run, at, hand, Reason("press_slow", {"seconds": self._seconds}))

    def _hear(self, run: "_Run[Thing]", at: int, hand: "_Worker[Thing]") -> None:
        try:
            told = hand.pipe.recv()
        except (EOFError, OSError):
            self._lose(run, at, hand, Reason("press_died"))
            return
        hand.deadline = monotonic() + self._seconds
        if told is None:
            hand.started, self._stillborn = True, 0
            return
        index, _ = hand.held.popleft()
        if isinstance(told, bytes):
            run.done[index] = told
            return
        run.done[index] = failure = _failure(told)
        if failure.reason.code == "press_memory":
            self._lose(run, at, hand)  # what it still holds, nobody knows

    def _lose(self, run: "_Run[Thing]", at: int, hand: "_Worker[Thing]", reason: Reason | None = None) -> None:
        """A process that is gone or must go: what it was making has failed, what it held besides goes to another."""
        if not hand.started:
            self._stillborn += 1
            if self._stillborn > len(self._hands):
                raise RenderPoolUnavailable
        elif reason is not None:
            run.done[hand.held.popleft()[0]] = RenderFailure(reason)
        run.again.extend(hand.held)
        hand.end()
        self._hands[at] = None


class _Run(Generic[Thing]):
    """One pass over things: what is taken, made, and given out so far."""

    def __init__(self, things: Iterator[Thing], ahead: int) -> None:
        self._things = enumerate(things)
        self._ahead = ahead
        self._taken = 0
        self.again: deque[tuple[int, Thing]] = deque()
        self.done: dict[int, Result] = {}
        self.out = 0

    @property
    def under_way(self) -> int:
        """Taken and not made yet."""
        return self._taken - self.out - len(self.done)

    def next(self) -> tuple[int, Thing] | None:
        """The next thing to make and its place; none while those before it are far behind."""
        if self.again:
            return self.again.popleft()
        if self._taken - self.out >= self._ahead:
            return None
        job = next(self._things, None)
        self._taken += job is not None
        return job


class _Worker(Generic[Thing]):
    """A process, as its parent sees it."""

    def __init__(self, make: Callable[[Thing], bytes], megabytes: int) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.held: deque[tuple[int, Thing]] = deque()
        self.started = False
        self.deadline = 0.0
        self._process = context.Process(target=_work, args=(theirs, make, megabytes), daemon=True)
        self._process.start()
        theirs.close()

    def give(self, job: tuple[int, Thing], seconds: float) -> None:
        """One more thing; the time of the first runs from now."""
        if not self.held:
            self.deadline = monotonic() + (seconds if self.started else START_SECONDS)
        self.held.append(job)
        with suppress(OSError):  # it has just died: that will be heard
            self.pipe.send((job[1],))

    def end(self) -> None:
        """Kill it, whatever it does, and leave nothing of it behind."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self.pipe.close()


def _failure(told: Refused) -> RenderFailure:
    code, params, trace = told
    if trace:
        log.error("the press met a fault\n%s", trace)
    return RenderFailure(Reason(code, params))


# In the process ----------------------------------------------------------------------------------


def _work(pipe: Connection, make: Callable[[Any], bytes], megabytes: int) -> None:
    """Make what comes until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; the parent decides
    _limit(megabytes)
    things: SimpleQueue[tuple[Any] | None] = SimpleQueue()
    Thread(target=_read, args=(pipe, things), daemon=True).start()
    gc.disable()
    with suppress(OSError):
        pipe.send(None)
        for number in count(1):
            thing = things.get()
            if thing is None:
                return
            pipe.send(_made(make, thing[0]))
            if number % TIDY == 1:
                gc.collect()
            if number == 1:
                gc.freeze()  # modules, fonts and styles stay: the collector need not walk them again


def _read(pipe: Connection, things: "SimpleQueue[tuple[Any] | None]") -> None:
    """Beside the work, so that the parent never waits for it with something in its hand."""
    with suppress(EOFError, OSError):
        while True:
            things.put(pipe.recv())
    things.put(None)


def _made(make: Callable[[Any], bytes], thing: object) -> bytes | Refused:
    try:
        return make(thing)
    except MemoryError:
        return "press_memory", {}, ""
    except DomainError as refusal:
        first = refusal.reasons[0] if refusal.reasons else Reason(refusal.code, refusal.params)
        return first.code, dict(first.params), ""
    except Exception:
        return "press_fault", {}, traceback.format_exc()


def _limit(megabytes: int) -> None:
    """Data that the process may hold, so that one bad page cannot take the machine."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - not everywhere

        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * MEGABYTE, megabytes * MEGABYTE))
