"""Render pools for threads: each renders with a process of its own, which is kept for the next."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from app.platform.documents.render_pool import RenderPool, Result

IDLE_SECONDS = 30.0
Item = TypeVar("Item")


class LentPools(Generic[Item]):
    """Pools of one process, each used by one thread at a time; ``idle`` is when each unused one was last used."""

    def __init__(self, open_pool: Callable[[], RenderPool[Item]], *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._open_pool = open_pool
        self._idle_seconds = idle_seconds
        self.idle: list[tuple[float, RenderPool[Item]]] = []
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def render(self, item: Item) -> Result:
        """Return the result of one item; raise ``RenderPoolUnavailable`` when no process starts."""
        with self._lock:
            pool = self.idle.pop()[1] if self.idle else self._open_pool()
        try:
            [result] = pool.map([item])
            return result
        finally:
            with self._lock:
                self.idle.append((monotonic(), pool))
                self._close_later()

    def close(self) -> None:
        """Close the pools that no thread is using."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            idle, self.idle = self.idle, []
        for _, pool in idle:
            pool.close()

    def _close_later(self) -> None:
        """Have idle pools closed, by one timer for all of them."""
        if self._timer is None:
            self._timer = threading.Timer(self._idle_seconds, self._close_idle)
            self._timer.daemon = True
            self._timer.start()

    def _close_idle(self) -> None:
        with self._lock:
            self._timer = None
            since = monotonic() - self._idle_seconds
            closed = [pool for at, pool in self.idle if at <= since]
            self.idle = [(at, pool) for at, pool in self.idle if at > since]
            if self.idle:
                self._close_later()
        for pool in closed:
            pool.close()
