"""The client of outgoing requests: a listener on this machine receives nothing that it must not.

Each failure before a response takes three seconds, so that all take as long: these tests wait for it.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.platform.clock import now
from app.platform.outgoing import client
from app.platform.outgoing.client import MAX_BYTES, TIMEOUT_SECONDS, Answer, Unanswered, fetch

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Speak = Callable[[socket.socket], None]


@dataclass
class Listener:
    """A server of this machine: what it received, on how many connections."""

    port: int
    received: list[bytes] = field(default_factory=list)
    connections: int = 0


def whole(connection: socket.socket) -> bytes:
    """Return a request with its content, which may come apart."""
    received = connection.recv(65_536)
    start, _, content = received.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", start.lower())
    return received + (connection.recv(65_536) if length and len(content) < int(length[1]) else b"")


def answering(response: bytes) -> Speak:
    """Return how a server answers each connection."""
    return lambda connection: connection.sendall(response)


@contextmanager
def listening(speak: Speak, tls: ssl.SSLContext | None = None) -> Iterator[Listener]:
    """Yield a listener on a free loopback port, which answers each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                listener.connections += 1
                with connection:
                    try:
                        line = tls.wrap_socket(connection, server_side=True) if tls else connection
                        listener.received.append(whole(line))
                        speak(line)
                        line.close()
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Return the names of this test: for each, the addresses of its first resolution, of the second, and so on."""
    known: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: Any, **options: Any) -> list[Any]:
        if host not in known:
            return real(host, port, *rest, **options)
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        family = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [(family[ip_address(a).version], socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


def refused_after(address: str, *, loopback: bool = False) -> float:
    """Return how long a request took that was not answered."""
    start = time.monotonic()
    with pytest.raises(Unanswered) as error:
        fetch("GET", address, loopback=loopback)
    assert str(error.value) == ""
    return time.monotonic() - start


def test_requests_to_this_machine_are_refused_all_alike(names: dict[str, list[list[str]]]) -> None:
    """Twenty spellings, names that lead here, ports that are closed: nothing is received, each takes as long."""
    names["interne.example"] = [["127.0.0.1"]]
    names["melange.example"] = [["8.8.8.8", "127.0.0.1"]]
    names["six.example"] = [["::1"]]
    names["mappe.example"] = [["::ffff:127.0.0.1"]]
    names["nuage.example"] = [["169.254.169.254"]]
    hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
             "0.0.0.0", "127.0.0.1.",  # noqa: S104 - asked, not bound
              "localhost.", "u@127.0.0.1", "10.0.0.1", "169.254.169.254", "[fe80::1]",
             "rien.invalid", *names]  # fmt: skip
    with listening(answering(OK)) as listener, socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
        free.close()
        addresses = [f"{s}://{h}:{p}/" for s in ("https", "http") for h in hosts for p in (listener.port, closed)]
        times: list[float] = []
        threads = [threading.Thread(target=lambda a=a: times.append(refused_after(a))) for a in addresses]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(times) == len(addresses)
        assert min(times) >= TIMEOUT_SECONDS - 0.1
        assert (listener.connections, listener.received) == (0, [])


def test_name_that_changes_its_address_is_resolved_once(
    names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: checked as public, it would lead here when it is connected to."""
    names["change.example"] = [["8.8.8.8"], ["127.0.0.1"]]
    tried: list[Any] = []

    def connect(address: Any, *_: Any, **__: Any) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    with listening(answering(OK)) as listener:
        monkeypatch.setattr(socket, "create_connection", connect)
        refused_after(f"https://change.example:{listener.port}/")
        assert tried == [("8.8.8.8", listener.port)]
        assert listener.connections == 0


def test_redirect_is_returned_and_not_followed() -> None:
    with listening(answering(OK)) as inside:
        moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/secret\r\nContent-Length: 0\r\n\r\n" % inside.port
        with listening(answering(moved)) as outside:
            assert fetch("GET", f"http://127.0.0.1:{outside.port}/", loopback=True) == Answer(302, b"")
        assert inside.connections == 0


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answering(OK)) as proxy, listening(answering(OK)) as there:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert fetch("GET", f"http://127.0.0.1:{there.port}/a?b=c", loopback=True) == Answer(200, b"{}")
        assert (proxy.connections, there.connections) == (0, 1)


def test_request_names_its_host_and_holds_its_content(names: dict[str, list[list[str]]]) -> None:
    names["id.example"] = [["127.0.0.1"]]
    with listening(answering(OK)) as listener:
        fetch(
            "POST",
            f"http://id.example:{listener.port}/a?b=c",
            headers={"X-Essai": "oui"},
            content=b"d=e",
            loopback=True,
        )
    lines = listener.received[0].decode().split("\r\n")
    assert lines[0] == "POST /a?b=c HTTP/1.1"
    assert {f"Host: id.example:{listener.port}", "Content-Length: 3", "X-Essai: oui"} <= set(lines)
    assert lines[-1] == "d=e"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return the TLS of a server named ``id.example``, whose certificate this test trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "id.example")])
    day = now().replace(hour=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day.replace(year=day.year - 1, day=1))
        .not_valid_after(day.replace(year=day.year + 1, day=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("id.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "id.pem").write_bytes(pem + private)
    (tmp_path / "root.pem").write_bytes(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "id.pem")
    return context


def test_tls_is_checked_against_the_name_though_the_address_is_pinned(
    names: dict[str, list[list[str]]], authority: ssl.SSLContext
) -> None:
    names["id.example"] = names["autre.example"] = [["127.0.0.1"]]
    with listening(answering(OK), authority) as listener:
        assert fetch("GET", f"https://id.example:{listener.port}/", loopback=True) == Answer(200, b"{}")
        refused_after(f"https://autre.example:{listener.port}/", loopback=True)


def drip(connection: socket.socket) -> None:
    """Answer a byte every tenth of a second."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(300):
        connection.sendall(b"a")
        time.sleep(0.1)


def test_response_that_drips_ends_with_its_time() -> None:
    with listening(drip) as listener:
        taken = refused_after(f"http://127.0.0.1:{listener.port}/", loopback=True)
        assert TIMEOUT_SECONDS - 0.1 <= taken < TIMEOUT_SECONDS + 2


def test_name_that_is_resolved_too_slowly_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(20) and [])
    assert TIMEOUT_SECONDS - 0.1 <= refused_after("https://lent.example/") < TIMEOUT_SECONDS + 2
    released.set()


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (MAX_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (10 * MAX_BYTES) + b"a" * (2 * MAX_BYTES),
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na",
    ],
    ids=["too large", "declared too large", "cut off"],
)
def test_response_too_large_or_cut_off_is_none(response: bytes) -> None:
    with listening(answering(response)) as listener, pytest.raises(Unanswered):
        fetch("GET", f"http://127.0.0.1:{listener.port}/", loopback=True)


def test_nothing_else_of_the_application_sends_requests() -> None:
    """Libraries that could are imported by this client alone, and by the outbox, which speaks to its mail server."""
    root = Path(client.__file__).parents[2]
    words = ("httpx", "httpcore", "urllib.request", "requests", "http.client", "create_connection", "aiohttp")
    senders = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if any(f"{verb} {word}" in path.read_text(encoding="utf-8") for word in words for verb in ("import", "from"))
    }
    assert senders == {"platform/outgoing/client.py"}
