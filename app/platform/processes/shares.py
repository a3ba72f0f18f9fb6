"""How many connections each web worker has open, in memory that the workers of a generation share.

A worker that has more open than the one with the fewest leaves the next connection to it: of eight connections, each of
two workers has four. The kernel shares out neither one listening socket (one worker took seven or eight of eight) nor
several (``SO_REUSEPORT``: four to seven of eight), see docs/decisions/0024. Nothing waits for a worker that gives no
sign of life.
"""

import mmap
import time

SILENT_SECONDS = 1.0
"""A worker that is silent for so long (stopped, or too busy) is not waited for; it ticks ten times a second."""
_GONE = -1


class Shares:
    """The counts of all workers and when each was last alive, by the worker's position."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._memory = memoryview(mmap.mmap(-1, 16 * workers)).cast("q")
        for position in range(workers):
            self.leave(position)

    def set(self, position: int, connections: int) -> None:
        """Note how many connections a worker has open."""
        self._memory[position] = connections

    def leave(self, position: int) -> None:
        """Note that a worker takes no connections: it has not started, drains, or is dead."""
        self._memory[position] = _GONE

    def excess(self, position: int, connections: int) -> int:
        """Return how many connections a worker has open above the one with the fewest, of those that are alive."""
        alive = (p for p in range(self._workers) if self.silence(p) < SILENT_SECONDS)
        counts = [count for count in (self._memory[p] for p in alive) if count != _GONE]
        return connections - min(counts, default=connections)

    def beat(self, position: int) -> None:
        """Note that a worker is alive now."""
        self._memory[self._workers + position] = time.monotonic_ns()

    def silence(self, position: int) -> float:
        """Return for how many seconds a worker has given no sign of life."""
        return (time.monotonic_ns() - self._memory[self._workers + position]) / 1e9
