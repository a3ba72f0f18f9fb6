"""The faults that the drill applies to the installation, one after the other, and what its logs must say of each."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse

import psycopg

from tests.drill.clients import HOST
from tests.drill.installation import Installation
from tests.server import driver_url

SLOW_CLIENTS = 60
OVERSIZED = 20
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that lasts for the length of a block, ``seconds`` long; ``log`` is what a line about it must match.

    ``cuts``: requests under way may get no answer. ``is_harmless``: no request may fail.
    """

    name: str
    apply: Callable[[Installation], AbstractContextManager[None]]
    seconds: float
    log: str
    cuts: bool = False
    is_harmless: bool = False


@contextmanager
def web_worker_killed(at: Installation) -> Iterator[None]:
    """Kill one of the processes that serve requests."""
    at.web_workers()[0].kill()
    yield


@contextmanager
def supervisor_killed(at: Installation) -> Iterator[None]:
    """Kill the parent of all web processes; the service manager starts it again."""
    at.web.process.kill()
    yield


@contextmanager
def job_worker_killed(at: Installation) -> Iterator[None]:
    """Kill the process that runs jobs; the service manager starts it again."""
    at.worker.kill_all()
    yield


@contextmanager
def connections_ended(at: Installation) -> Iterator[None]:
    """End every connection of the program, three times in a row."""
    for _ in range(3):
        at.as_superuser(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename in ('owner', 'escouade_app')"
        )
        time.sleep(1)
    yield


@contextmanager
def database_restarted(at: Installation) -> Iterator[None]:
    """Stop PostgreSQL as its administrator does; the service manager starts it again."""
    at.postgres.signal(signal.SIGINT)
    yield


@contextmanager
def database_killed(at: Installation) -> Iterator[None]:
    """Kill all processes of PostgreSQL: it recovers from its log when it is started again."""
    at.postgres.kill_all()
    yield


@contextmanager
def database_frozen(at: Installation) -> Iterator[None]:
    """Stop PostgreSQL in the middle of what it does."""
    with at.postgres.frozen():
        yield


@contextmanager
def table_locked(at: Installation) -> Iterator[None]:
    """Lock a table that one kind of write needs, as a careless operator does."""
    with psycopg.connect(driver_url(at.owner_url)) as holder:
        holder.execute("lock table field_hours in access exclusive mode")
        yield
        holder.rollback()


@contextmanager
def network_cut(at: Installation) -> Iterator[None]:
    """Swallow what passes between the program and the database, answers to commits among it; then cut it."""
    with at.network.frozen():
        time.sleep(4)
    with at.network.frozen(), at.network.down():
        yield


@contextmanager
def mail_server_away(at: Installation) -> Iterator[None]:
    """The mail server is gone, then refuses everybody for now."""
    with at.mail_line.down():
        time.sleep(5)
    at.mail.answers["GREETING"] = b"421 busy"
    try:
        yield
    finally:
        del at.mail.answers["GREETING"]


@contextmanager
def disk_full(at: Installation) -> Iterator[None]:
    """Nothing is left of the disk of files."""
    at.fill_disk()
    try:
        yield
    finally:
        at.empty_disk()


@contextmanager
def files_unreadable(at: Installation) -> Iterator[None]:
    """Something else stands where files are kept, as when a network folder is gone."""
    kept = at.root / "files"
    away = kept.rename(at.root / "away")
    kept.write_bytes(b"")
    try:
        yield
    finally:
        kept.unlink()
        away.rename(kept)


@contextmanager
def reloaded(at: Installation) -> Iterator[None]:
    """Have the service load its program and its settings again."""
    at.web.signal(signal.SIGHUP)
    yield


@contextmanager
def web_worker_hung(at: Installation) -> Iterator[None]:
    """Stop one of the processes that serve requests, for good: it never goes on by itself."""
    at.web_workers()[0].suspend()
    yield


@contextmanager
def newer_schema(at: Installation) -> Iterator[None]:
    """The database is one version ahead; this program's migrations are refused."""
    with psycopg.connect(driver_url(at.owner_url), autocommit=True) as owner:
        head = owner.execute("select version_num from alembic_version").fetchone()
        owner.execute("update alembic_version set version_num = '9999'")
        try:
            refused = at.command("migrate")
            assert refused.returncode == 1, refused.stdout
            assert "9999" in refused.stderr, refused.stderr
            yield
        finally:
            owner.execute("update alembic_version set version_num = %s", head)


@contextmanager
def hostile_clients(at: Installation) -> Iterator[None]:
    """Clients that send half a request and wait, and bodies far above the limit, again and again."""
    stopped, statuses = threading.Event(), list[int]()
    senders = [threading.Thread(target=_send_too_much, args=(at.port, stopped, statuses)) for _ in range(2)]
    with ExitStack() as stack:
        for n in range(SLOW_CLIENTS):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", at.port)))
            head = f"POST /connexion HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: 198.51.100.{n}\r\n"
            body = "Content-Length: 1000\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nemail="
            slow.sendall((head + (body if n % 2 else "")).encode())
        for sender in senders:
            sender.start()
        try:
            yield
        finally:
            stopped.set()
            for sender in senders:
                sender.join()
    assert set(statuses) == {HTTPStatus.REQUEST_ENTITY_TOO_LARGE}


def _send_too_much(port: int, stopped: threading.Event, statuses: list[int]) -> None:
    """Send bodies of 20 MB and note what is answered, 0 for nothing; each must be refused, not read to its end."""
    while not stopped.wait(0.3):
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            size = OVERSIZED * MEGABYTE
            head = f"POST /api/v1/sign-ins HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
            with suppress(OSError):  # it is closed before all is sent; what was answered is read all the same
                connection.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode())
                for _ in range(OVERSIZED):
                    connection.sendall(b" " * MEGABYTE)
            statuses.append(_status(connection))


def _status(connection: socket.socket) -> int:
    """Return the status that was answered on a connection, 0 when it was closed without an answer."""
    answer = HTTPResponse(connection)
    try:
        answer.begin()
    except (OSError, HTTPException):
        return 0
    return answer.status


FAULTS = (
    Fault("web worker killed", web_worker_killed, 0, r"web worker \d \(process \d+\) was killed by SIGKILL", cuts=True),
    Fault("supervisor killed", supervisor_killed, 0, "the supervisor is gone", cuts=True),
    Fault("job worker killed", job_worker_killed, 0, "gives no sign of life"),
    Fault("all connections ended, three times", connections_ended, 0, "57P01|AdminShutdown|terminat"),
    Fault("database restarted", database_restarted, 0, "OperationalError"),
    Fault("database killed", database_killed, 0, "OperationalError"),
    Fault("database frozen", database_frozen, 10, "database_away"),
    Fault("table locked", table_locked, 9, '"locked"'),
    Fault("network to the database cut", network_cut, 5, "OperationalError"),
    Fault("mail server away, then refuses", mail_server_away, 5, "letter"),
    Fault("disk of files full", disk_full, 8, "storage_full"),
    Fault("file store gone", files_unreadable, 8, "storage_away"),
    Fault("reload", reloaded, 0, "reloaded: process", is_harmless=True),
    Fault("slow clients, oversized bodies", hostile_clients, 25, "too_large", is_harmless=True),
    Fault("web worker hung", web_worker_hung, 0, "gives no sign of life", cuts=True),
    Fault("newer schema", newer_schema, 8, "database_newer"),
)
