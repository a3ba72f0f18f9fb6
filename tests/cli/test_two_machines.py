"""Two installations with folders of their own serve one network: one database, and one bucket of files."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app.platform.database.transaction import Database
from tests.cli.conftest import introduce, url_of
from tests.cli.serving import Served, serve
from tests.cli.test_worker import worker
from tests.factories import bulk_clone
from tests.factories.learning import PDF
from tests.factories.network import World, confirm_roles, token
from tests.factories.s3_server import S3Server, settings_of
from tests.factories.waiting import wait_until

CERTIFICATES = 40


@dataclass(frozen=True)
class Machine:
    """A service and a worker that share a data folder."""

    served: Served
    worker: "subprocess.Popen[str]"

    def kill(self) -> None:
        """Kill both, as a power cut would."""
        self.served.process.kill()
        self.worker.kill()


Machines = tuple[Machine, Machine]


@pytest.fixture
def eligible(database: Database, world: World) -> list[int]:
    """Return enrolments to certify; they are written before a worker does the same in the same tables."""
    return bulk_clone.make_eligible(database, world, CERTIFICATES)


@pytest.fixture
def machines(eligible: list[int], database: Database, world: World, tmp_path: Path, s3: S3Server) -> Iterator[Machines]:
    """Each machine serves and works, with a data folder of its own."""
    confirm_roles(database, world)
    bucket = settings_of(s3.bucket())
    addresses = {"database_url": database.addresses.url, "database_owner_url": url_of(database)}
    with ExitStack() as stack:
        made = []
        for name in ("one", "two"):
            place = tmp_path / name
            place.mkdir()
            variables = {f"ESCOUADE_{key.upper()}": value for key, value in bucket.items()}
            served = stack.enter_context(serve(place, **addresses, **bucket))
            introduce(database, place / "keyring.json")
            made.append(Machine(served, stack.enter_context(worker(database, place, **variables))))
        yield made[0], made[1]


def drawing(database: Database) -> set[int]:
    """Return the workers that draw documents now."""
    drawn = text(
        "select w.pid from queue.worker w join queue.procrastinate_jobs j on j.worker_id = any(w.parts)"
        " where j.status = 'doing' and j.task_name = 'render_certificate'"
    )
    with database.engine.connect() as owner:
        return set(owner.execute(drawn).scalars())


def ask(machine: Machine, secret: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.Client(base_url=f"http://127.0.0.1:{machine.served.port}", headers=headers, timeout=60)


def test_two_machines_serve_one_network_and_one_goes_on_alone(
    machines: Machines, eligible: list[int], database: Database, world: World
) -> None:
    """Both workers draw documents of a batch; then one machine, service and worker, is killed in the middle of it."""
    one, two = machines
    secrets = {who: token(database, world, who) for who in ("maude", "trainer")}
    with ask(one, secrets["maude"]) as there, ask(two, secrets["trainer"]) as here:
        path = f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files"
        sent = {"file": ("carte.pdf", PDF, "application/pdf")}
        made = there.post(path, data={"activity_code": "GEN-1.C"}, files=sent)
        assert made.status_code == 201, made.text
        assert here.get(f"/api/v1/hand-ins/{made.json()['id']}/file").content == PDF
        bulk_clone.decide(database, world, eligible)

        def rendered() -> int:
            with database.engine.connect() as owner:
                return int(owner.execute(text("select count(pdf_sha256) from certificate")).scalar_one())

        both = {one.worker.pid, two.worker.pid}
        wait_until(lambda: rendered() and drawing(database) == both)
        one.kill()
        assert 0 < rendered() < CERTIFICATES
        wait_until(lambda: rendered() == CERTIFICATES)
        assert here.get("/api/v1/me").status_code == 200
        assert here.get(f"/api/v1/hand-ins/{made.json()['id']}/file").content == PDF
