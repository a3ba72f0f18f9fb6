"""The one client of outgoing requests: it connects to an address that it checked, and to no other.

A host is resolved once; each of its addresses must be public (``rules.py``); the connection goes to one of those, with
the name of the host in TLS and in ``Host``. No redirect is followed, no proxy of the environment is used. Whatever
keeps a request from being answered is one error after one time: nobody learns by it what stands behind an address.
"""

import ipaddress
import logging
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from app.platform.outgoing.rules import Address, Target, may_connect, target_of

if TYPE_CHECKING:
    import httpcore

TIMEOUT_SECONDS = 3.0
"""Time for all of a request, from the name to the last byte; and time of each failure before a response."""
MAX_BYTES = 256 * 1024
"""Largest body of a response."""

log = logging.getLogger("escouade.outgoing")


class Unanswered(Exception):
    """A request got no response that can be used; the log says why, whoever asked is not told."""


class Refused(Exception):
    """An address that no request may go to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and the body of a response."""

    status: int
    body: bytes


def fetch(
    method: str,
    address: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    loopback: bool = False,
) -> Answer:
    """Send a request and return its response, whatever its status; ``loopback`` allows this machine, for trials.

    Raises :class:`Unanswered`, after the same time whatever the cause, unless a response had begun.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    request = _Request(method, address, headers or {}, content, loopback)
    # In a thread: neither resolving a name nor shaking hands in TLS has a deadline of its own.
    Thread(target=request.run, daemon=True, name="outgoing").start()
    try:
        outcome = request.outcome.get(timeout=TIMEOUT_SECONDS)
    except Empty:
        request.abort()
        outcome = TimeoutError("too long")
    if isinstance(outcome, Answer):
        return outcome
    target = target_of(address)  # its path and query, and the whole of one that is written oddly, may hold secrets
    shown = f"{target.scheme}://{target.host}:{target.port}" if target is not None else "an address"
    log.warning("%s %s: %s", method, shown, outcome or type(outcome).__name__)
    if not request.is_answered:
        time.sleep(max(0.0, deadline - time.monotonic()))
    raise Unanswered


class _Request:
    """One request in its thread; ``outcome`` gets its answer, or the exception that kept it from one."""

    def __init__(self, method: str, address: str, headers: Mapping[str, str], content: bytes, loopback: bool) -> None:
        self.method, self.address, self.headers, self.content = method, address, headers, content
        self.loopback = loopback
        self.outcome: SimpleQueue[Answer | Exception] = SimpleQueue()
        self.is_answered = False
        self._line: socket.socket | None = None

    def run(self) -> None:
        """Send the request; put its outcome."""
        try:
            target = target_of(self.address)
            if target is None or (target.scheme == "http" and not self.loopback):
                self.outcome.put(Refused("written oddly, or without TLS"))
            else:
                self.outcome.put(self._send(target))
        except Exception as error:  # of any library below: fetch logs it
            self.outcome.put(error)
        finally:
            if self._line is not None:
                self._line.close()

    def abort(self) -> None:
        """End the connection, on which the thread may still wait."""
        if self._line is not None:
            with suppress(OSError):  # the other side ended it, or the thread has just closed it
                self._line.shutdown(socket.SHUT_RDWR)

    def _send(self, target: Target) -> Answer:
        import httpcore  # noqa: PLC0415 - costly to import, and needed only where a college has a provider
        from httpx import create_ssl_context  # noqa: PLC0415

        host = f"[{target.host}]" if ":" in target.host else target.host
        is_usual = target.port == (443 if target.scheme == "https" else 80)
        named = ("Host", host if is_usual else f"{host}:{target.port}")
        url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        body = bytearray()
        with (
            httpcore.ConnectionPool(
                ssl_context=create_ssl_context() if target.scheme == "https" else None,
                network_backend=self._backend(plain=target.scheme == "http"),
            ) as pool,
            pool.stream(
                self.method,
                url,
                headers=[named, ("Accept-Encoding", "identity"), *self.headers.items()],
                content=self.content or None,
                extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS)},
            ) as response,
        ):
            self.is_answered = True
            for chunk in response.iter_stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ValueError("response too large")
        return Answer(response.status, bytes(body))

    def _backend(self, *, plain: bool) -> "httpcore.NetworkBackend":
        import httpcore  # noqa: PLC0415

        request = self

        class PinnedBackend(httpcore.SyncBackend):
            """Connects to the addresses that were checked: the name is resolved once, here."""

            def connect_tcp(
                self,
                host: str,
                port: int,
                timeout: float | None = None,
                local_address: str | None = None,
                socket_options: Iterable[Any] | None = None,
            ) -> httpcore.NetworkStream:
                failure: Exception = Refused("no address")
                for address in checked_addresses(host, port, loopback=request.loopback, plain=plain):
                    try:
                        stream = super().connect_tcp(str(address), port, timeout, local_address, socket_options)
                    except httpcore.ConnectError as error:
                        failure = error
                    else:
                        request._line = stream.get_extra_info("socket").dup()
                        return stream
                raise failure

        return PinnedBackend()


def checked_addresses(host: str, port: int, *, loopback: bool, plain: bool) -> list[Address]:
    """Return the addresses of a host; raise :class:`Refused` unless a request may go to every one of them.

    Without TLS (``plain``) it goes to this machine only.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not may_connect(address, loopback=loopback) or (plain and not address.is_loopback):
            raise Refused(f"{address} is not public")
    return addresses
