"""Slow senders: a connection whose headers do not arrive, and bodies that trickle in, are ended."""

import asyncio
from time import perf_counter

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

BYTES_PER_SECOND = 16_000
"""A body may take so much longer than the first seconds: a telephone on a bad line sends faster."""


class BodyClock:
    """How long the next piece of a body may take: ``seconds`` for it all, and a second per ``BYTES_PER_SECOND``."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._started: float | None = None

    def left(self, received: int) -> float:
        """Return the seconds that are left, with so many bytes received; the clock starts when first asked."""
        if self._started is None:
            self._started = perf_counter()
        return max(0.0, self._started + self.seconds + received / BYTES_PER_SECOND - perf_counter())


class TimedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which closes a connection whose headers are not there in time."""

    header_seconds = 20.0
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the headers of the first request."""
        super().connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Start the clock for the headers of another request on the connection."""
        super().on_message_begin()
        self._start()

    def on_headers_complete(self) -> None:
        """Stop the clock."""
        self._stop()
        super().on_headers_complete()

    def _start(self) -> None:
        self._stop()
        self._clock = self.loop.call_later(self.header_seconds, self._give_up)

    def _give_up(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:  # the request before is still at work
            self._start()
        else:
            self.transport.close()

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None


def timed_protocol(seconds: float) -> type[TimedProtocol]:
    """Return the protocol with its time for headers."""
    return type("TimedProtocol", (TimedProtocol,), {"header_seconds": seconds})
