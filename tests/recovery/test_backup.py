"""``escouade backup``: what it holds, and that nothing half written ever looks whole."""

import base64
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from app.platform.backup.manifest import read_backup
from app.platform.backup.progress import Stage
from app.platform.backup.writing import complete_backups, write_backup
from app.platform.database.transaction import Addresses, Database
from app.platform.errors import Conflict
from app.platform.files.folder import FolderStore
from app.platform.files.store import digest
from app.platform.locations import ROOT
from app.platform.security.keyring import new_keyring, save
from tests.cli.conftest import Escouade
from tests.conftest import RING
from tests.factories.full_disk import largest_file
from tests.recovery.deployments import Unseen, backed_up, source_of, state
from tests.server import driver_url

Usage = namedtuple("Usage", "total used free")


def test_backup_holds_the_database_the_files_and_never_the_keyring(
    escouade: Escouade, database: Database, tmp_path: Path, root: Path
) -> None:
    name = FolderStore(root).store(b"une attestation")
    done = escouade(database, "backup", tmp_path / "backups", data_dir=str(root))
    assert (done.status, "Sauvegarde terminée" in done.out) == (0, True), done.err
    [folder] = complete_backups(tmp_path / "backups")
    found = read_backup(folder, RING).manifest
    assert found.state == state(database)
    assert found.files == {f"files/{name[:2]}/{name}": 15}
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in kept} == {"manifest.json", "database.dump", name}
    assert all(path.stat().st_mode & 0o077 == 0 for path in [folder, *kept])
    content = b"".join(path.read_bytes() for path in kept)
    for key in RING.keys.values():
        assert key not in content
        assert base64.b64encode(key) not in content


def test_backup_keeps_the_number_asked_for(escouade: Escouade, database: Database, tmp_path: Path, root: Path) -> None:
    place = tmp_path / "backups"
    for _ in range(3):
        assert escouade(database, "backup", place, "--keep", 2, data_dir=str(root)).status == 0
    kept = complete_backups(place)
    assert len(kept) == len(list(place.iterdir())) == 2
    assert all(read_backup(path, RING) for path in kept)


def test_later_backup_links_what_the_earlier_one_has_whole(database: Database, tmp_path: Path, root: Path) -> None:
    place, (same, damaged) = (
        tmp_path / "backups",
        (FolderStore(root).store(b"pareil"), FolderStore(root).store(b"abime")),
    )
    first, _ = backed_up(database, root, place)
    (first / "files" / damaged[:2] / damaged).write_bytes(b"autre")
    second, manifest = backed_up(database, root, place)
    assert (second / "files" / same[:2] / same).samefile(first / "files" / same[:2] / same)
    assert digest((second / "files" / damaged[:2] / damaged).read_bytes()) == damaged
    assert len(manifest.files) == 2


def test_file_restricted_while_the_backup_runs_is_in_it(database: Database, tmp_path: Path, root: Path) -> None:
    name = FolderStore(root).store(b"remplacee")

    def restrict(stage: Stage) -> None:
        path = root / "restricted" / name[:2] / name
        if stage is Stage.FILES and not path.exists():
            path.parent.mkdir(parents=True)
            (root / "files" / name[:2] / name).rename(path)

    _, manifest = write_backup(tmp_path / "backups", source_of(database, root), Unseen(restrict))
    assert list(manifest.files) == [f"restricted/{name[:2]}/{name}"]


def test_file_that_the_store_has_lost_is_named(
    escouade: Escouade, database: Database, tmp_path: Path, root: Path
) -> None:
    lost = digest(b"perdu")
    with database.engine.begin() as owner:
        owner.execute(text("update college set logo = :lost || '.png' where slug = 'alma'"), {"lost": lost})
    done = escouade(database, "backup", tmp_path / "backups", data_dir=str(root))
    assert done.status == 0
    assert "1 fichier que la base nomme manque" in done.err
    assert read_backup(complete_backups(tmp_path / "backups")[0], RING).manifest.missing == (lost,)


@pytest.mark.parametrize("stage", [Stage.DUMP, Stage.DIGEST, Stage.FILES])
def test_interrupted_backup_leaves_nothing(database: Database, tmp_path: Path, root: Path, stage: Stage) -> None:
    FolderStore(root).store(b"un fichier")

    def interrupt(reached: Stage) -> None:
        if reached is stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_backup(tmp_path / "backups", source_of(database, root), Unseen(interrupt))
    assert list((tmp_path / "backups").iterdir()) == []


def test_backup_that_is_asked_to_stop_leaves_nothing(
    database: Database, tmp_path: Path, root: Path, keyring_file: Path
) -> None:
    """A process of its own, which waits for a lock while it counts rows."""
    place = tmp_path / "backups"
    variables = {
        "ESCOUADE_DATABASE_URL": database.addresses.url,
        "ESCOUADE_DATABASE_OWNER_URL": database.addresses.owner_url or "",
        "ESCOUADE_DATA_DIR": str(root),
        "ESCOUADE_KEYRING": str(keyring_file),
    }
    command = [sys.executable, "-c", "from app.cli import main; main()", "backup", str(place)]
    with psycopg.connect(driver_url(database.addresses.owner_url or "")) as holder:
        holder.execute("lock table person in access exclusive mode")
        with subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not list(place.glob(".partial-*")):
                time.sleep(0.02)
            process.terminate()
        assert process.returncode == 128 + signal.SIGTERM
    assert list(place.iterdir()) == []


def test_what_a_killed_backup_left_is_no_backup_and_goes_with_the_next(
    escouade: Escouade, database: Database, tmp_path: Path, root: Path
) -> None:
    left = tmp_path / "backups" / ".partial-escouade-20261126T000000Z"
    left.mkdir(parents=True)
    (left / "database.dump").write_bytes(b"half")
    refused = escouade(database, "restore", left, data_dir=str(root))
    assert (refused.status, "n’est pas une sauvegarde terminée" in refused.err) == (1, True)
    backed_up(database, root, tmp_path / "backups")
    assert not left.exists()


def test_two_backups_in_one_folder_at_once_are_refused(database: Database, tmp_path: Path, root: Path) -> None:
    def another(stage: Stage) -> None:
        if stage is Stage.FILES:
            backed_up(database, root, tmp_path / "backups")

    with pytest.raises(Conflict) as refusal:
        write_backup(tmp_path / "backups", source_of(database, root), Unseen(another))
    assert refusal.value.code == "backup_under_way"


@pytest.mark.parametrize("full", [(4096, "pg_dump"), (2_000_000, "Rien n’en reste")])
def test_backup_on_a_disk_that_fills_up_is_refused_and_leaves_nothing(
    escouade: Escouade, database: Database, tmp_path: Path, root: Path, full: tuple[int, str]
) -> None:
    """The archive does not fit; then the archive does, and a file does not."""
    limit, sign = full
    FolderStore(root).store(b"x" * 3_000_000)
    (tmp_path / "backups").mkdir()
    with largest_file(limit):
        done = escouade(database, "backup", tmp_path / "backups", data_dir=str(root))
    assert (done.status, sign in done.err) == (1, True), done.err
    assert list((tmp_path / "backups").iterdir()) == []


def test_backup_without_room_is_refused_before_it_begins(
    escouade: Escouade, database: Database, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 10, 0))
    done = escouade(database, "backup", tmp_path / "backups", data_dir=str(root))
    assert (done.status, "Pas assez de place" in done.err) == (1, True)
    assert list((tmp_path / "backups").iterdir()) == []


def test_backup_with_another_keyring_than_the_databases_is_refused(
    escouade: Escouade, database: Database, tmp_path: Path, root: Path, keyring_file: Path
) -> None:
    save(keyring_file, new_keyring())
    done = escouade(database, "backup", tmp_path / "backups", data_dir=str(root))
    assert (done.status, "ce n’est pas le sien" in done.err) == (1, True)
    assert list((tmp_path / "backups").iterdir()) == []


def test_backup_as_a_role_that_does_not_see_every_row_is_refused(
    escouade: Escouade, database: Database, tmp_path: Path, root: Path
) -> None:
    requests = Database(Addresses(database.addresses.url, database.addresses.url))
    done = escouade(requests, "backup", tmp_path / "backups", data_dir=str(root))
    assert (done.status, "ESCOUADE_DATABASE_OWNER_URL" in done.err) == (1, True)
    assert list((tmp_path / "backups").iterdir()) == []
