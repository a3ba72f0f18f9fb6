"""A web worker: uvicorn's server on a listening socket that it shares with other workers, taking its share.

When it is told to stop it takes no more connections, answers the requests under way, and lets clients leave: a request
that still comes over an open connection is answered with ``Connection: close``, so that none is lost on a connection
that was closed while the client was writing.
"""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from app.platform.processes.shares import Shares
from app.platform.processes.stopping import STOPPING

MOMENT = 0.02
"""Seconds between two looks at whether a worker with fewer connections has taken the one that waits."""
PATIENCE = 1.0
"""How long a connection waits for such a worker at most."""
LEAVE_SECONDS = 1.0
"""How long an idle connection stays open once the worker drains: a client that has just written is answered."""
EXHAUSTED_SECONDS = 1.0
"""How long nothing is accepted once the process has no file descriptor left."""


class _Connections(set[Any]):
    """uvicorn's set of open connections, whose size the other workers see."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def add(self, connection: object) -> None:
        super().add(connection)
        self._changed()

    def discard(self, connection: object) -> None:
        super().discard(connection)
        self._changed()


class WebWorker(uvicorn.Server):
    """One of the servers on ``listener``; ``ready`` is called once it accepts."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: socket.socket,
        shares: Shares,
        position: int,
        ready: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._listener, self._shares, self._position, self._ready = listener, shares, position, ready
        self._opening: set[asyncio.Task[Any]] = set()
        self._paused: asyncio.TimerHandle | None = None
        self._looked_at = self._waits_since = 0.0
        self._is_accepting = False
        self.server_state.connections = _Connections(self._share)

    def serve_until_told(self) -> int:
        """Serve until SIGTERM or SIGINT, and return the exit status."""
        self.run(sockets=[])
        return 0 if self.started else uvicorn.config.STARTUP_FAILURE

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept."""
        STOPPING.clear()
        await super().startup(sockets=sockets)
        self._loop = asyncio.get_running_loop()
        self._is_accepting = True
        self._share()
        self._shares.beat(self._position)
        self._loop.add_reader(self._listener, self._accept)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Show that the event loop runs."""
        self._shares.beat(self._position)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, let clients leave, end the streams, then finish the requests under way."""
        STOPPING.set()
        self._is_accepting = False
        self._shares.leave(self._position)
        self._loop.remove_reader(self._listener)
        if self._paused is not None:
            self._paused.cancel()
        self._listener.close()
        if signal.SIGINT not in self._captured_signals:
            await self._let_leave()
        await super().shutdown(sockets=sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals as uvicorn does, which sends them again at the end: the process ends by itself."""
        for number in uvicorn.server.HANDLED_SIGNALS:
            signal.signal(number, lambda *_: None)
        with super().capture_signals():
            yield

    async def _let_leave(self) -> None:
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        connections: list[Any] = list(self.server_state.connections)
        for connection in connections:
            if connection.cycle is not None and not connection.cycle.response_complete:
                connection.shutdown()  # a response under way: closed after it
        deadline = self._loop.time() + LEAVE_SECONDS
        while self.server_state.connections and self._loop.time() < deadline:
            self._shares.beat(self._position)
            await asyncio.sleep(0.02)

    # Accepting -----------------------------------------------------------------------------------

    def _share(self) -> None:
        if self._is_accepting:
            self._shares.set(self._position, self._count)

    @property
    def _count(self) -> int:
        return len(self.server_state.connections) + len(self._opening)

    def _accept(self) -> None:
        """Take the next connection, or leave it a moment to a worker with fewer."""
        now = self._loop.time()
        if now - self._looked_at > 2 * MOMENT:
            self._waits_since = now  # another connection than the one that was left a moment ago
        self._looked_at = now
        if self._shares.excess(self._position, self._count) > 0 and now - self._waits_since < PATIENCE:
            self._pause(MOMENT)
        else:
            self._accept_one()

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._paused = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._paused = None
        self._loop.add_reader(self._listener, self._accept)

    def _accept_one(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another worker was quicker, or the client has left
        except OSError:  # no file descriptor left: the listener stays readable, and would keep the loop busy
            uvicorn.server.logger.exception("no connection can be accepted")
            self._pause(EXHAUSTED_SECONDS)
            return
        connection.setblocking(False)
        opening = self._loop.create_task(self._open(connection))
        self._opening.add(opening)
        self._share()

    async def _open(self, connection: socket.socket) -> None:
        task = asyncio.current_task()
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:
            connection.close()
        finally:
            self._opening.discard(task)
            self._share()

    def _protocol(self) -> asyncio.Protocol:
        factory: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = factory(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol
