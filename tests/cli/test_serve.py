"""``escouade serve``: links use the address that the server listens on."""

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from app.cli.serve import application
from app.platform.config import settings
from app.platform.database.transaction import Database
from tests.cli.conftest import Escouade


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FastAPI]]:
    """Yield the applications passed to uvicorn, created as a server process does; none listens."""
    applications: list[FastAPI] = []

    def make(*_: object, **options: Any) -> None:
        app = application()
        app.state.database.dispose()
        applications.append(app)
        config = uvicorn.Config(app, **{name: value for name, value in options.items() if name != "factory"})
        config.load()
        assert config.loaded_app is app, "by default uvicorn believes forwarded addresses from this machine"

    monkeypatch.setattr(uvicorn, "run", make)
    previous = {name: os.environ.get(name) for name in ("ESCOUADE_SERVED_URL", "ESCOUADE_BASE_URL")}
    yield applications
    for name, value in previous.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("by", ["option", "variable"])
def test_serve_links_use_the_given_port(
    escouade: Escouade, empty: Database, served: list[FastAPI], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Links, QR codes and credentials come from ``base_url``; ``PORT=… make run`` gives the option."""
    port = free_port()
    if by == "variable":
        monkeypatch.setenv("PORT", str(port))
    done = escouade(empty, "serve", *(("--port", port) if by == "option" else ()))
    assert (done.status, done.err) == (0, "")
    assert f"http://127.0.0.1:{port}" in done.out
    assert [app.state.settings.base_url for app in served] == [f"http://127.0.0.1:{port}"]
    assert settings().base_url == f"http://127.0.0.1:{port}", "what a worker in the same process reads"


def test_serve_base_url_that_was_set_is_kept(escouade: Escouade, empty: Database, served: list[FastAPI]) -> None:
    done = escouade(
        empty, "serve", "--port", free_port(), base_url="https://escouade.example.com", environment="development"
    )
    assert (done.status, done.err) == (0, "")
    assert [app.state.settings.base_url for app in served] == ["https://escouade.example.com"]
