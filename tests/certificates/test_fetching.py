"""Twelve ways to make the PDF engine fetch something from the network (CWE-918) or a file: it fetches nothing.

A local server records the requests it receives; a control test shows that the bare engine does send some.
"""

import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import weasyprint

from app.certificates.documents.designs import DEFAULT, design_folder
from app.platform.documents.pdf import Page, write

DESIGN = design_folder(DEFAULT)
HEAD = '<!doctype html><html lang="fr-CA"><head><title>x</title></head><body>'


class RecordingServer(ThreadingHTTPServer):
    """A server that answers every request, redirects ``/ailleurs`` to itself, and records each path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RecordingHandler)
        self.requests: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class RecordingHandler(BaseHTTPRequestHandler):
    """The handler of one request."""

    server: RecordingServer

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        moved = self.path == "/ailleurs"
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", "/arrivee.png")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
    '<image width="9" height="9" xlink:href="http://127.0.0.1:{port}/dessin.png"/></svg>'
)
VECTORS = {
    "file": '<img src="file://{secret}" alt="x">',
    "loopback": '<img src="http://127.0.0.1:{port}/x.png" alt="x">',
    "cloud metadata": '<img src="http://169.254.169.254/latest/meta-data/" alt="x">',
    "loopback v6": '<img src="http://[::1]:{port}/x.png" alt="x">',
    "decimal address": '<img src="http://2130706433:{port}/x.png" alt="x">',
    "redirection": '<img src="http://127.0.0.1:{port}/ailleurs" alt="x">',
    "data": '<img src="data:text/html,<h1>x</h1>" alt="x">',
    "ftp": '<img src="ftp://127.0.0.1:{port}/x.png" alt="x">',
    "image of a drawing": '<img src="dessin.svg" alt="x">',
    "import": "<style>@import url(http://127.0.0.1:{port}/x.css);</style>",
    "font": "<style>@font-face {{ font-family: x; src: url(http://127.0.0.1:{port}/x.woff2) }}</style>"
    "<p style='font-family: x'>x</p>",
    "attachment": '<link rel="attachment" href="http://127.0.0.1:{port}/x.pdf">',
}
LOOPBACK_VECTORS = {"loopback", "decimal address", "redirection", "import", "font", "attachment"}


def html_of(vector: str, server: RecordingServer, secret: Path) -> str:
    return HEAD + VECTORS[vector].format(port=server.port, secret=secret)


def test_vectors_are_twelve() -> None:
    assert len(VECTORS) == 12


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_is_fetched(vector: str, server: RecordingServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    page = Page(html_of(vector, server, secret), {"dessin.svg": SVG.format(port=server.port).encode()})
    with pytest.raises(PermissionError):
        list(write([page], DESIGN))
    assert server.requests == []


@pytest.mark.parametrize("vector", sorted(LOOPBACK_VECTORS))
def test_bare_engine_sends_requests(vector: str, server: RecordingServer, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weasyprint.HTML(string=html_of(vector, server, tmp_path / "x")).write_pdf()
    assert server.requests
