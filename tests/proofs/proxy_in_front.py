"""The reverse proxies of ``deploy/``, as Debian builds them, on free ports of this machine with a certificate."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.platform.locations import ROOT
from tests.factories.waiting import free_port

DEBIAN = ROOT / ".venv-proofs" / "debian"
"""Where ``.ci/proofs`` lays out Debian's packages, without installing them."""
DEPLOY = ROOT / "deploy"
PATIENCE = 20.0


def environment(folder: Path) -> dict[str, str]:
    """Return the variables of a program of :data:`DEBIAN`, whose home is ``folder``."""
    libraries = ":".join(str(path) for path in (DEBIAN / "usr" / "lib").glob("*-linux-gnu"))
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder), "LD_LIBRARY_PATH": libraries}


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[int]:
    """Yield the TLS port of nginx with ``deploy/nginx.conf`` in front of ``upstream``, a host and port."""
    plain, tls = free_port(), free_port()
    certificate, key = write_certificate(folder)
    site = (DEPLOY / "nginx.conf").read_text("utf-8")
    for was, becomes in (
        ("127.0.0.1:8000", upstream),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{tls} ssl;"),
        ("escouade.example.ca", "127.0.0.1"),
        ("/etc/ssl/escouade.pem", str(certificate)),
        ("/etc/ssl/escouade.key", str(key)),
    ):
        assert was in site, was
        site = site.replace(was, becomes)
    temporary = "".join(
        f"{name}_temp_path {folder / name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; master_process off; pid {folder / 'pid'}; error_log stderr;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n",
        encoding="utf-8",
    )
    program = str(DEBIAN / "usr" / "sbin" / "nginx")
    with _running([program, "-p", str(folder), "-e", "stderr", "-c", str(configuration)], folder, tls):
        yield tls


@contextmanager
def caddy(folder: Path, upstream: str) -> Iterator[int]:
    """Yield the TLS port of Caddy with ``deploy/Caddyfile`` in front of ``upstream``, a host and port."""
    tls = free_port()
    certificate, key = write_certificate(folder)
    site = (DEPLOY / "Caddyfile").read_text("utf-8")
    for was, becomes in (
        ("127.0.0.1:8000", upstream),
        ("escouade.example.ca {", f"https://127.0.0.1:{tls} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}"),
        ("{\n\tservers", "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers"),
    ):
        assert was in site, was
        site = site.replace(was, becomes, 1)
    configuration = folder / "Caddyfile"
    configuration.write_text(site, encoding="utf-8")
    program = str(DEBIAN / "usr" / "bin" / "caddy")
    with _running([program, "run", "--config", str(configuration), "--adapter", "caddyfile"], folder, tls):
        yield tls


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1, signed by itself, and its key; return both files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime.now(UTC) - timedelta(hours=1)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=2))
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    pem, private = folder / "proxy.pem", folder / "proxy.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, private


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment(folder), stderr=subprocess.PIPE, text=True)
    try:
        _wait_for(process, port)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def _wait_for(process: "subprocess.Popen[str]", port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    process.terminate()
    raise RuntimeError(f"the proxy did not start: {process.communicate(timeout=PATIENCE)[1]}")
