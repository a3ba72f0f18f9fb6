"""The engine over a server of its own that ends and comes back."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from app.platform.config import Settings
from app.platform.database.embedded import embedded_server
from app.platform.database.transaction import Database
from app.platform.jobs.job import JobContext, Queue, RowJob
from app.platform.jobs.queue import enqueue
from tests.factories.engine import running_engine, statuses
from tests.factories.waiting import wait_until
from tests.server import migrate, opened


@dataclass
class Server:
    """A server in a folder of its own, its database, and a job that writes rows there."""

    place: Path
    data: Path
    stack: ExitStack
    database: Database
    ended: list[int] = field(default_factory=list)

    @property
    def job(self) -> RowJob:
        """Return a job that works in the database for a moment."""

        def run(context: JobContext, id_: int) -> None:
            with context.database.engine.begin() as owner:
                owner.execute(text("select pg_sleep(0.01)"))
            self.ended.append(id_)

        return RowJob("trial", run, lambda _: (), Queue.DOCUMENTS)

    def postmaster(self) -> int:
        """Return the process id of the server."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def crash(self) -> None:
        """End the server at once, as a crash of all its processes."""
        number = self.postmaster()
        os.kill(number, signal.SIGQUIT)
        wait_until(lambda: not is_alive(number))

    def start(self) -> None:
        """Start the server again."""
        self.stack.enter_context(embedded_server(self.place))


def is_alive(number: int) -> bool:
    """Whether a process runs; one that waits to be buried does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield a server of the test's own, migrated."""
    place = tmp_path_factory.mktemp("server")
    with ExitStack() as stack:
        url = stack.enter_context(embedded_server(place))
        migrate(url)
        database = opened(url)
        stack.callback(database.dispose)
        with database.engine.connect() as owner:
            data = Path(owner.execute(text("show data_directory")).scalar_one())
        yield Server(place, data, stack, database)


def test_jobs_go_on_after_the_server_has_crashed_and_come_back(server: Server, settings: Settings) -> None:
    """It starts a server and prepares its database, twice."""
    with server.database.as_owner() as db:
        enqueue(db, server.job, range(120))
    with running_engine(server.database, settings, server.job):
        wait_until(lambda: len(server.ended) > 20)
        server.crash()
        server.start()
        wait_until(lambda: statuses(server.database, "trial") == [])
    assert set(server.ended) == set(range(120))
