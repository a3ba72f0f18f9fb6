"""Twelve ways of making the PDF engine fetch something over the network (CWE-918) or from a file: it fetches nothing.

A server listens where each of them leads, counts who comes, and is shown to hear the engine left to itself.
"""

import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import weasyprint

from app.certificates.documents.layout import DEFAULT, design_folder
from app.platform.documents.pdf import Page, write

DESIGN = design_folder(DEFAULT)
HEAD = '<!doctype html><html lang="fr-CA"><head><title>x</title></head><body>'


class Trap(ThreadingHTTPServer):
    """Answers everything, a redirection to itself on ``/ailleurs``, and remembers each visit."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Visited)
        self.visits: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Visited(BaseHTTPRequestHandler):
    """One visit."""

    server: Trap

    def do_GET(self) -> None:
        self.server.visits.append(self.path)
        moved = self.path == "/ailleurs"
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", "/arrivee.png")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def trap() -> Iterator[Trap]:
    with Trap() as server:
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
REACH_THE_TRAP = {"loopback", "decimal address", "redirection", "import", "font", "attachment"}


def body(vector: str, trap: Trap, secret: Path) -> str:
    return HEAD + VECTORS[vector].format(port=trap.port, secret=secret)


def test_there_are_twelve() -> None:
    assert len(VECTORS) == 12


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_is_fetched(vector: str, trap: Trap, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    page = Page(body(vector, trap, secret), {"dessin.svg": SVG.format(port=trap.port).encode()})
    with pytest.raises(PermissionError):
        list(write([page], DESIGN))
    assert trap.visits == []


@pytest.mark.parametrize("vector", sorted(REACH_THE_TRAP))
def test_the_trap_hears_the_engine_left_to_itself(vector: str, trap: Trap, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weasyprint.HTML(string=body(vector, trap, tmp_path / "x")).write_pdf()
    assert trap.visits
