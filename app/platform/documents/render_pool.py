"""A pool of worker processes that render documents, with limits of time and memory for each item.

``RenderPool(render)`` maps one function over items, in processes of its own (``spawn``: none of the parent's
connections and locks are inherited). Results come in the order of the items. An item that takes too long, takes too
much memory or kills its process comes as a :class:`RenderFailure`, and the others go on. Only a few items are in
flight at any time: memory does not grow with their number.

Items are picklable values and results are bytes, so that another engine can replace this one. The limits are set
here, outside the PDF engine.
"""

import gc
import logging
import os
import shutil
import signal
import sys
import tempfile
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

from app.platform.errors import DomainError, Reason, StorageFull, Unavailable, is_storage_full
from app.platform.observability.logs import trace_of

log = logging.getLogger("escouade.press")
Item = TypeVar("Item")

QUEUE_DEPTH = 2
"""Items that a worker holds: the one it renders, and the next, so that it is never idle."""
COLLECT_EVERY = 8
"""Items between two runs of the garbage collector: automatic collection takes a tenth of the time."""
START_SECONDS = 120.0
MEGABYTE = 1024 * 1024


class RenderPoolUnavailable(Unavailable):
    """Raised when worker processes die before they have started (503)."""

    code = "press_unavailable"


class RenderFailure(NamedTuple):
    """Why an item was not rendered: ``press_slow``, ``_memory``, ``_died`` or ``_fault``, or the domain's reason."""

    reason: Reason


Result: TypeAlias = bytes | RenderFailure
ErrorMessage: TypeAlias = tuple[str, dict[str, Any], str]
"""Code, values and, for an unexpected exception, its traceback: an error as a worker sends it."""


class RenderPool(Generic[Item]):
    """Worker processes that render items to bytes; a context manager: they start on first use and end with it.

    ``render`` must be importable by name (a function of a module, or a ``partial`` of one), and items picklable.
    ``seconds`` is the time limit of one item, ``megabytes`` the data that one process may allocate (enforced on
    Linux only).
    """

    def __init__(
        self,
        render: Callable[[Item], bytes],
        processes: int | None = None,
        *,
        seconds: float = 60,
        megabytes: int = 600,
    ) -> None:
        self._render = render
        self._seconds = seconds
        self._megabytes = megabytes
        self._workers: list[_Worker[Item] | None] = [None] * (processes or os.cpu_count() or 1)
        self._failed_starts = 0

    def __enter__(self) -> "RenderPool[Item]":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the processes at once; items still in flight are dropped."""
        for worker in filter(None, self._workers):
            worker.kill()
        self._workers = [None] * len(self._workers)

    def map(self, items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of each item, in order; items are consumed a few at a time, as their results are.

        Raise :class:`RenderPoolUnavailable` when the processes do not start.
        """
        run = _Run(iter(items), ahead=4 * len(self._workers))
        try:
            self._assign(run)
            while run.in_flight:
                self._wait(run)
                self._assign(run)
                while run.next_index in run.results:
                    result = run.results.pop(run.next_index)
                    run.next_index += 1
                    self._assign(run)
                    yield result
        finally:
            if run.in_flight:  # the caller stopped early: results in flight must not come out of the next run
                self.close()

    def _assign(self, run: "_Run[Item]") -> None:
        """Give each worker one item before any gets two, so that the last items are shared out as well."""
        for depth in range(QUEUE_DEPTH):
            for position, worker in enumerate(self._workers):
                if (len(worker.queue) if worker else 0) == depth and (job := run.next()):
                    worker = self._workers[position] = worker or _Worker(self._render, self._megabytes)  # noqa: PLW2901
                    worker.send(job, self._seconds)

    def _wait(self, run: "_Run[Item]") -> None:
        """Wait until a worker sends something, dies, or reaches its deadline."""
        busy = {worker.pipe: position for position, worker in enumerate(self._workers) if worker and worker.queue}
        first = min(worker.deadline for worker in self._workers if worker and worker.queue)
        readable = wait(list(busy), max(first - monotonic(), 0))
        for pipe, position in busy.items():
            worker = self._workers[position]
            if worker and pipe in readable:
                self._receive(run, position, worker)
            elif worker and worker.deadline <= monotonic():
                self._discard(run, position, worker, Reason("press_slow", {"seconds": self._seconds}))

    def _receive(self, run: "_Run[Item]", position: int, worker: "_Worker[Item]") -> None:
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            self._discard(run, position, worker, Reason("press_died"))
            return
        worker.deadline = monotonic() + self._seconds
        if message is None:
            worker.started, self._failed_starts = True, 0
            return
        index, _ = worker.queue.popleft()
        if isinstance(message, bytes):
            run.results[index] = message
            return
        run.results[index] = failure = _failure(message)
        if failure.reason.code == "press_memory":
            self._discard(run, position, worker)  # its memory may still be exhausted

    def _discard(self, run: "_Run[Item]", position: int, worker: "_Worker[Item]", reason: Reason | None = None) -> None:
        """Remove a worker that died or must be killed: its current item has failed, its next goes to another."""
        if not worker.started:
            self._failed_starts += 1
            if self._failed_starts > len(self._workers):
                raise RenderPoolUnavailable
        elif reason is not None:
            run.results[worker.queue.popleft()[0]] = RenderFailure(reason)
        run.retries.extend(worker.queue)
        worker.kill()
        self._workers[position] = None


class _Run(Generic[Item]):
    """One pass over items: those consumed, those rendered, and the index of the next result to yield."""

    def __init__(self, items: Iterator[Item], ahead: int) -> None:
        self._items = enumerate(items)
        self._ahead = ahead
        self._consumed = 0
        self.retries: deque[tuple[int, Item]] = deque()
        self.results: dict[int, Result] = {}
        self.next_index = 0

    @property
    def in_flight(self) -> int:
        """The number of items consumed and not rendered yet."""
        return self._consumed - self.next_index - len(self.results)

    def next(self) -> tuple[int, Item] | None:
        """Return the next item with its index; ``None`` at the end, or while results wait for an earlier one."""
        if self.retries:
            return self.retries.popleft()
        if self._consumed - self.next_index >= self._ahead:
            return None
        job = next(self._items, None)
        self._consumed += job is not None
        return job


class _Worker(Generic[Item]):
    """The parent's handle on a worker process."""

    def __init__(self, render: Callable[[Item], bytes], megabytes: int) -> None:
        context = get_context("spawn")
        self._folder = tempfile.mkdtemp(prefix="escouade-render-")
        self.pipe, child_pipe = context.Pipe()
        self.queue: deque[tuple[int, Item]] = deque()
        self.started = False
        self.deadline = 0.0
        self._process = context.Process(target=_work, args=(child_pipe, render, megabytes, self._folder), daemon=True)
        self._process.start()
        child_pipe.close()

    def send(self, job: tuple[int, Item], seconds: float) -> None:
        """Send one more item; the time limit of the first starts now."""
        if not self.queue:
            self.deadline = monotonic() + (seconds if self.started else START_SECONDS)
        self.queue.append(job)
        with suppress(OSError):  # the process has just died: the next receive finds out
            self.pipe.send((job[1],))

    def kill(self) -> None:
        """Kill the process and release its resources."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self.pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _failure(message: ErrorMessage) -> RenderFailure:
    code, params, trace = message
    if trace:
        log.error("rendering failed\n%s", trace)
    return RenderFailure(Reason(code, params))


# In the worker process ---------------------------------------------------------------------------


def _work(pipe: Connection, render: Callable[[Any], bytes], megabytes: int, folder: str) -> None:
    """Render the items that arrive until the parent is gone; temporary files go to a folder that ends with it."""
    tempfile.tempdir = folder
    try:
        _render_all(pipe, render, megabytes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _render_all(pipe: Connection, render: Callable[[Any], bytes], megabytes: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole process group; the parent decides
    _limit(megabytes)
    items: SimpleQueue[tuple[Any] | None] = SimpleQueue()
    Thread(target=_read, args=(pipe, items), daemon=True).start()
    gc.disable()
    with suppress(OSError):
        pipe.send(None)
        for number in count(1):
            item = items.get()
            if item is None:
                return
            pipe.send(_rendered(render, item[0]))
            if number % COLLECT_EVERY == 1:
                gc.collect()
            if number == 1:
                gc.freeze()  # modules, fonts and styles stay: the collector need not traverse them again


def _read(pipe: Connection, items: "SimpleQueue[tuple[Any] | None]") -> None:
    """Receive items in a thread of its own, so that the parent never blocks while sending one."""
    with suppress(EOFError, OSError):
        while True:
            items.put(pipe.recv())
    items.put(None)


def _rendered(render: Callable[[Any], bytes], item: object) -> bytes | ErrorMessage:
    try:
        return render(item)
    except MemoryError:
        return "press_memory", {}, ""
    except DomainError as refusal:
        first = refusal.reasons[0] if refusal.reasons else Reason(refusal.code, refusal.params)
        return first.code, dict(first.params), ""
    except Exception as fault:
        if is_storage_full(fault):
            return StorageFull.code, {}, ""
        return "press_fault", {}, trace_of(fault)


def _limit(megabytes: int) -> None:
    """Limit the data that the process may allocate, so that one bad page cannot exhaust the machine."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - missing on Windows

        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * MEGABYTE, megabytes * MEGABYTE))
