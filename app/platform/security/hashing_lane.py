"""The lane in which requests hash passwords: beside the pool and the threads of routes, with a queue that ends."""

import asyncio
import contextvars
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import anyio
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.params import Depends as DependsParam

from app.platform.admission import RETRY_SECONDS
from app.platform.errors import Unavailable
from app.platform.web.deps import database_of

Result = TypeVar("Result")
NICENESS = 10
"""How much the threads of the lane step back: pages are answered first where processors are few."""


def step_back() -> None:
    """Lower the priority of this thread, where the system gives threads one of their own (Linux)."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)


class Lane:
    """The threads that hash passwords for requests, beside those that run routes; ``refused`` counts who found it full.

    A request holds neither a connection nor a place in the pool while its password waits here.
    """

    def __init__(self, threads: int, longest_queue: int) -> None:
        self.threads, self.longest_queue = threads, longest_queue
        self.refused = 0
        self._limiter: anyio.CapacityLimiter | None = None
        self._pool = ThreadPoolExecutor(threads, "hashing", initializer=step_back)

    @property
    def busy(self) -> int:
        """How many passwords are at work now."""
        return self._limiter.statistics().borrowed_tokens if self._limiter is not None else 0

    @property
    def waiting(self) -> int:
        """How many passwords wait now."""
        return self._limiter.statistics().tasks_waiting if self._limiter is not None else 0

    async def run(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Return what ``work`` returns; raise ``Unavailable("busy")`` when too many wait before it."""
        if self._limiter is None:  # made inside the running event loop
            self._limiter = anyio.CapacityLimiter(self.threads)
        if self.waiting >= self.longest_queue:
            self.refused += 1
            raise Unavailable("busy", retry_after=RETRY_SECONDS)
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()
        async with self._limiter:
            with anyio.CancelScope(shield=True):  # a thread at work is not stopped: its place is not given away
                result = await loop.run_in_executor(self._pool, context.run, work, *arguments)
        return result


LANE = Lane(threads=max(1, (os.cpu_count() or 1) // 2), longest_queue=64)
"""The lane of this process; it leaves half of the processors to everything else."""


def in_lane(
    command: object,
    work: Callable[..., Any],
    *,
    read: Callable[[Request, Any], Any] | None = None,
    unread: Any = None,  # noqa: ANN401 - as ``work`` returns
) -> DependsParam:
    """Return the dependency that hashes what a command holds: the first parameter of a route, before its session.

    ``command`` is its annotation, ``work`` is given the command; what ``read`` finds in the database for the request is
    given too, and its transaction and place in the pool have ended by then. Where it finds ``None``, the answer is
    ``unread``, if there is one, and nothing is hashed.
    """

    async def run(request: Request, command: Any) -> Any:  # noqa: ANN401 - as ``work`` returns
        if read is None:
            return await LANE.run(work, command)
        async with database_of(request).admission.place():
            found = await run_in_threadpool(read, request, command)
        return unread if found is None and unread is not None else await LANE.run(work, command, found)

    run.__annotations__["command"] = command
    dependency: DependsParam = Depends(run)
    return dependency
