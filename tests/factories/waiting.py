"""Waiting for what another process does, and a port for it."""

import socket
import time
from collections.abc import Callable

TIMEOUT = 90.0


def wait_until(condition: Callable[[], object], seconds: float = TIMEOUT, what: str = "") -> None:
    """Wait until a condition holds; fail after so many seconds, with what did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
