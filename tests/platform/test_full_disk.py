"""A full disk: requests that write a file get 503 ``storage_full``, and leave neither a file nor a row.

The limit on the size of files that a process may write stands for the disk; where the tests may mount one, a disk of
64 kB is filled as well.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.documents.document_process import _process
from app.platform.errors import StorageFull
from app.platform.files.folder import FolderStore
from tests.factories import eligible
from tests.factories.full_disk import largest_file
from tests.factories.network import World, as_

API = "/api/v1"
KILOBYTE = 1024
PDF = b"%PDF-1.7\n"


def mounted(place: Path) -> bool:
    """Mount a disk of 64 kB and return whether that was allowed."""
    if sys.platform != "linux":
        return False
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a disk of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    if not mounted(place):
        pytest.skip("mounting a disk is not allowed here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_file_larger_than_the_disk_is_refused_and_leaves_nothing(disk: Path) -> None:
    kept = FolderStore(disk).store(b"x" * 20 * KILOBYTE)
    with pytest.raises(StorageFull):
        FolderStore(disk).store(b"y" * 60 * KILOBYTE)
    assert [path.name for path in files(disk)] == [kept]
    FolderStore(disk).store(b"z" * 20 * KILOBYTE)


def test_file_over_the_limit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with largest_file(64 * KILOBYTE), pytest.raises(StorageFull):
        FolderStore(tmp_path).store(b"y" * 65 * KILOBYTE)
    assert files(tmp_path) == []


@pytest.mark.parametrize("size", [300 * KILOBYTE, 3 * 1024 * KILOBYTE], ids=["stored", "spooled"])
def test_hand_in_on_a_full_disk_is_refused_and_leaves_neither_file_nor_row(
    client: TestClient, database: Database, world: World, settings: Settings, size: int
) -> None:
    """A small file is refused when it is stored, a large one while it is received, among the temporary files."""
    as_(client, database, world, "maude")
    path = f"{API}/enrolments/{world.enrolments['maude']}/hand-in-files"
    sent = {"file": ("carte.pdf", PDF + b"x" * size, "application/pdf")}
    before = set(Path(tempfile.gettempdir()).iterdir())
    with largest_file(200 * KILOBYTE):
        answer = client.post(path, data={"activity_code": "GEN-1.C"}, files=sent)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "storage_full", "5")
    assert files(settings.data_dir) == []
    assert not [path for path in set(Path(tempfile.gettempdir()).iterdir()) - before if path.name.startswith("tmp")]
    with database.engine.connect() as connection:
        assert connection.execute(text("select count(*) from hand_in")).scalar_one() == 0
    assert client.post(path, data={"activity_code": "GEN-1.C"}, files=sent).status_code == 201


def test_page_of_a_hand_in_on_a_full_disk_says_so(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C/fichiers"
    with largest_file(200 * KILOBYTE):
        page = client.post(path, files={"file": ("carte.pdf", PDF + b"x" * 300 * KILOBYTE, "application/pdf")})
    assert page.status_code == 503
    assert "L’espace de stockage est plein" in page.text


@pytest.fixture
def fresh_process() -> Iterator[None]:
    """Have the document process start within the test, and end with it."""
    _process.close()
    yield
    _process.close()


@pytest.mark.usefixtures("fresh_process")
@pytest.mark.parametrize("full", ["where it is drawn", "where it is stored"])
def test_certificate_drawn_on_a_full_disk_has_no_document_until_there_is_room(
    client: TestClient, database: Database, world: World, settings: Settings, full: str
) -> None:
    """A document is drawn when it is first asked for: its fonts are written among the temporary files."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    body = {"kind": "attestation_participation"}
    issued = client.post(f"{API}/enrolments/{world.enrolments['maude']}/certificates", json=body).json()
    path = f"{API}/certificates/{issued['id']}/pdf"
    drawn = text("select pdf_sha256 from certificate")
    _process.close()
    if full == "where it is stored":
        client.get(f"{API}/certificates/{issued['id']}/credential")  # the process starts now, without the limit
    with largest_file(8 * KILOBYTE):
        answer = client.get(path)
    _process.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert files(settings.data_dir) == []
    with database.engine.connect() as connection:
        assert connection.execute(drawn).scalars().all() == [None]
    assert client.get(path).content.startswith(PDF[:5])


def test_full_disk_of_the_database_is_said(client: TestClient, database: Database, world: World) -> None:
    """PostgreSQL's own error (SQLSTATE 53100), raised by a trigger where a hand-in is written."""
    with database.engine.begin() as owner:
        owner.execute(
            text(
                "create function is_full() returns trigger language plpgsql as"
                " $$ begin raise exception 'no space' using errcode = '53100'; end $$"
            )
        )
        owner.execute(text("create trigger is_full before insert on hand_in execute function is_full()"))
    as_(client, database, world, "maude")
    path = f"{API}/enrolments/{world.enrolments['maude']}/hand-in-files"
    sent = {"file": ("carte.pdf", PDF, "application/pdf")}
    answer = client.post(path, data={"activity_code": "GEN-1.C"}, files=sent)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert "retry-after" in answer.headers
