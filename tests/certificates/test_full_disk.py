"""A batch while the disk of the files is full: the real jobs wait, say so, and go on when there is room."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text, update

from app.certificates.batches.jobs import ISSUE, RENDER, issue_next, items_to_issue, render_item
from app.certificates.documents import rules
from app.people.models import Person
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.documents.document_process import _process
from app.platform.documents.render_pool import RenderFailure
from app.platform.errors import Reason, StorageFull
from tests.factories.batches import batch_context, process_pending, unfinished_batches
from tests.factories.bulk_clone import decide, make_eligible
from tests.factories.engine import running_engine
from tests.factories.full_disk import largest_file
from tests.factories.network import World, as_
from tests.factories.waiting import wait_until

API = "/api/v1"
KILOBYTE = 1024
LONG_NAME = "Anne-Marie de la Rivière Tremblay-Desrochers Gagné-Bouchard".ljust(rules.NAME_LIMITS[2], "e")
"""So long that only laying the document out shows whether it fits."""


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def numbers(database: Database) -> list[tuple[int, bool]]:
    """Return the sequence of each certificate, and whether it has its document."""
    with database.engine.connect() as owner:
        rows = owner.execute(text("select sequence, pdf_sha256 is not null from certificate order by sequence"))
        return [(sequence, is_drawn) for sequence, is_drawn in rows]


def tries(database: Database) -> list[tuple[str, int]]:
    """Return the state of each job in the queue that renders, and how often it was tried."""
    statement = text(
        "select status::text, attempts from queue.procrastinate_jobs where task_name = 'render_certificate' order by id"
    )
    with database.engine.connect() as owner:
        return [(status, attempts) for status, attempts in owner.execute(statement)]


def failures(database: Database) -> int:
    """Return how many jobs in the queue have failed by themselves."""
    with database.engine.connect() as owner:
        return int(owner.execute(text("select count(*) from queue.failure")).scalar_one())


def waits_for(database: Database) -> str | None:
    """Return what the only batch waits for."""
    with database.engine.connect() as owner:
        waited: str | None = owner.execute(text("select waits_for from batch")).scalar_one()
    return waited


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have temporary files in a folder of the test's own, and return it."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


@pytest.fixture
def fresh_process(temporary: Path) -> Iterator[None]:
    """Have the document process start within the test, with its own temporary folder, and end with it."""
    _process.close()
    yield
    _process.close()


@pytest.mark.usefixtures("fresh_process")
def test_batch_on_a_full_disk_waits_says_why_and_goes_on_when_there_is_room(
    client: TestClient, database: Database, world: World, settings: Settings, temporary: Path
) -> None:
    batch = decide(database, world, make_eligible(database, world, 3))
    as_(client, database, world, "registrar")
    path = f"{API}/certificate-batches/{batch.id}"
    with running_engine(database, settings, ISSUE, RENDER):
        with largest_file(8 * KILOBYTE):
            wait_until(lambda: len(tries(database)) == 3 and min(tried for _, tried in tries(database)) >= 1)
            shown = client.get(path).json()
            assert (shown["waits_for"], shown["finished_at"]) == ("storage_full", None)
            assert [item["state"] for item in shown["items"]] == ["issued"] * 3
            assert "l’espace de stockage est plein" in client.get(f"/attestations/lots/{batch.id}").text
            assert numbers(database) == [(1, False), (2, False), (3, False)]
            assert files(settings.data_dir) == []
            assert failures(database) == 0, "a job that fails ten times is given up"
        wait_until(lambda: unfinished_batches(database) == [])
    shown = client.get(path).json()
    assert [item["state"] for item in shown["items"]] == ["done"] * 3
    assert shown["waits_for"] is None
    assert "l’espace de stockage est plein" not in client.get(f"/attestations/lots/{batch.id}").text
    assert numbers(database) == [(1, True), (2, True), (3, True)]
    assert all(path.read_bytes().startswith(b"%PDF-") for path in files(settings.data_dir))
    assert len(files(settings.data_dir)) == 3
    assert files(temporary) == []


@pytest.mark.usefixtures("fresh_process")
def test_certificate_of_a_long_name_is_not_refused_for_a_full_disk(
    database: Database, world: World, settings: Settings, temporary: Path
) -> None:
    """A long text is laid out before the certificate is issued, which writes fonts among the temporary files."""
    eligible = make_eligible(database, world, 2)
    with database.as_owner() as db:
        db.execute(update(Person).values(legal_last_name=LONG_NAME))
    decide(database, world, eligible)
    context = batch_context(database, settings)
    with largest_file(8 * KILOBYTE), pytest.raises(StorageFull):
        issue_next(context, items_to_issue(database)[0])
    _process.close()
    assert files(temporary) == []
    assert numbers(database) == []
    assert len(items_to_issue(database)) == 2
    assert waits_for(database) == "storage_full"
    process_pending(context)
    assert numbers(database) == [(1, True), (2, True)]
    _process.close()
    assert files(temporary) == []


def test_batch_whose_document_waits_for_room_says_so_while_others_are_issued(
    database: Database, world: World, settings: Settings
) -> None:
    """No notice that comes and goes: the issue of a certificate needs no room, a document does."""
    decide(database, world, make_eligible(database, world, 3))
    context = batch_context(database, settings)
    first, second, _ = items_to_issue(database)
    issue_next(context, first)
    without_room = batch_context(database, settings, lambda _: RenderFailure(Reason(StorageFull.code)))
    with pytest.raises(StorageFull):
        render_item(without_room, first)
    issue_next(context, second)
    assert waits_for(database) == "storage_full"
    render_item(context, first)
    assert waits_for(database) is None
    process_pending(context)
    assert numbers(database) == [(1, True), (2, True), (3, True)]
