"""The application served to a browser: one address for a worker's tests, the database of each test behind it."""

import socket
import threading
from pathlib import Path
from typing import Any

import uvicorn
from starlette.datastructures import State
from starlette.types import Receive, Scope, Send

from app.deployment import CHECKS
from app.features import JOBS
from app.identity.sign_in.authentication import AUTHENTICATION
from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Addresses, Database
from app.platform.observability.checkup import Checkup
from tests.conftest import RING

PATIENCE = 10
"""Seconds in which the requests of a test that ends are answered."""


class LiveSite:
    """The application on a free port of this machine, in a thread of its own; ``changed`` are other settings.

    ``port`` is that of a site that stopped, which starts again at the same address.
    """

    def __init__(self, port: int = 0, **changed: object) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._changed_settings: dict[str, Any] = {"base_url": self.url, **changed}
        self.settings = Settings(**self._changed_settings)
        self._site = create_app(self.settings, Database(Addresses("postgresql+psycopg://nowhere/none")), RING)
        self._at_work = 0
        self._changed = threading.Condition()
        self._server = uvicorn.Server(
            uvicorn.Config(self._counted, http="httptools", interface="asgi3", lifespan="off", log_level="warning")
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()

    def attach(self, database: Database, data_dir: Path, **changed: object) -> None:
        """Serve a database, its files in a folder; ``changed`` are other settings of the deployment."""
        self.settings = Settings(data_dir=data_dir, **{**self._changed_settings, **changed})
        state = {"settings": self.settings, "database": database, "authentication": AUTHENTICATION, "keyring": RING}
        self._site.state = State({**state, "checkup": Checkup(CHECKS), "jobs": JOBS})

    def description(self) -> dict[str, Any]:
        """Return the API's description of this site."""
        return self._site.openapi()

    def settle(self) -> None:
        """Wait until every request is answered, also those whose browser is gone."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._at_work, PATIENCE):
                raise RuntimeError(f"{self._at_work} requests are still at work after {PATIENCE} s")

    def stop(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._count(1)
        try:
            await self._site(scope, receive, send)
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        with self._changed:
            self._at_work += step
            self._changed.notify_all()
