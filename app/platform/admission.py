"""Admission of requests: at most as many at once as the pool has connections, the others wait a few seconds.

No route may have more than half of the places, so that one whose table is locked leaves the others answered.
"""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import anyio

from app.platform.errors import Unavailable
from app.platform.observability import figures

RETRY_SECONDS = 5
"""How long whoever is not admitted is asked to wait before another try."""


class Admission:
    """The places of one process; its figures are read by metrics.

    ``places`` is how many there are, ``in_use`` and ``waiting`` how many requests are inside and wait now, ``refused``
    how many were turned away, ``waited`` the seconds that all have waited.
    """

    def __init__(self, places: int, seconds: float) -> None:
        self.places, self.seconds = places, seconds
        self.waiting = self.in_use = self.refused = 0
        self.waited = 0.0
        self._places: anyio.CapacityLimiter | None = None
        self._of_routes: dict[object, anyio.CapacityLimiter] = defaultdict(self._share)

    def _share(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(max(1, self.places // 2))

    @asynccontextmanager
    async def place(self, route: object = None) -> AsyncIterator[None]:
        """Hold a place, one of its route's; raise ``Unavailable("busy")`` after waiting for as long as is allowed."""
        if self._places is None:  # made inside the running event loop
            self._places = anyio.CapacityLimiter(self.places)
        wanted = [self._places] if route is None else [self._of_routes[route], self._places]
        holder = object()  # a task may hold two places, as of a page that is run for a refused form
        await self._wait_for(wanted, holder)
        self.in_use += 1
        try:
            yield
        finally:
            self.in_use -= 1
            for limiter in wanted:
                limiter.release_on_behalf_of(holder)

    async def _wait_for(self, limiters: list[anyio.CapacityLimiter], holder: object) -> None:
        """Take one token of each, or none."""
        started = perf_counter()
        taken: list[anyio.CapacityLimiter] = []
        self.waiting += 1
        try:
            with anyio.fail_after(self.seconds):
                for limiter in limiters:
                    await limiter.acquire_on_behalf_of(holder)
                    taken.append(limiter)
        except BaseException as error:
            for limiter in taken:
                limiter.release_on_behalf_of(holder)
            if not isinstance(error, TimeoutError):
                raise
            self.refused += 1
            raise Unavailable("busy", retry_after=RETRY_SECONDS) from None
        finally:
            self.waiting -= 1
            seconds = perf_counter() - started
            self.waited += seconds
            noted = figures.current.get()
            if noted is not None:
                noted.waited = (noted.waited or 0.0) + seconds
