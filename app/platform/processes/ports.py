"""What holds a port that cannot be taken."""

import socket
from contextlib import suppress
from typing import NamedTuple

import psutil


class Holder(NamedTuple):
    """The process that listens on a port."""

    pid: int
    name: str


def listen(host: str, port: int, backlog: int = 2048) -> socket.socket:
    """Return a socket that listens; raise ``OSError`` when the address cannot be taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=backlog)
    listener.setblocking(False)
    return listener


def holder_of(port: int) -> Holder | None:
    """Return the process that listens on a TCP port; ``None`` where the system does not say."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # it has ended, or belongs to another account
            for connection in process.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                    return Holder(process.pid, process.name())
    return None
