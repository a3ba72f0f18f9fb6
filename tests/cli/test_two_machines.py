"""Two installations with folders of their own serve one network: one database, and one bucket of files."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app.platform.database.transaction import Database
from tests.cli.conftest import introduce, url_of
from tests.cli.serving import Served, serve, until
from tests.cli.test_worker import worker
from tests.factories import bulk_clone
from tests.factories.learning import PDF
from tests.factories.network import World, confirm_roles, token
from tests.factories.s3_server import S3Server, settings_of

CERTIFICATES = 12
Machines = tuple[Served, Served]


@pytest.fixture
def machines(database: Database, world: World, tmp_path: Path, s3: S3Server) -> Iterator[Machines]:
    """Each machine serves and works, with a data folder of its own."""
    confirm_roles(database, world)
    shared = settings_of(s3.bucket())
    addresses = {"database_url": database.addresses.url, "database_owner_url": url_of(database)}
    with ExitStack() as stack:
        served = []
        for name in ("one", "two"):
            place = tmp_path / name
            place.mkdir()
            variables = {f"ESCOUADE_{key.upper()}": value for key, value in shared.items()}
            served.append(stack.enter_context(serve(place, **addresses, **shared)))
            introduce(database, place / "keyring.json")
            stack.enter_context(worker(database, place, **variables))
        yield served[0], served[1]


def ask(machine: Served, secret: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.Client(base_url=f"http://127.0.0.1:{machine.port}", headers=headers, timeout=60)


def test_two_machines_serve_one_network_and_one_goes_on_alone(
    machines: Machines, database: Database, world: World
) -> None:
    """Two services and two workers are started; a batch is drawn by both."""
    one, two = machines
    eligible = bulk_clone.make_eligible(database, world, CERTIFICATES)
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

        until(rendered)
        one.process.kill()
        until(lambda: rendered() == CERTIFICATES)
        assert here.get("/api/v1/me").status_code == 200
        assert here.get(f"/api/v1/hand-ins/{made.json()['id']}/file").content == PDF
