"""``escouade restore``: what is refused, and that afterwards all is restored or nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.deployment import knows
from app.platform.backup.manifest import read_backup
from app.platform.backup.progress import Stage
from app.platform.backup.restoring import Target, restore
from app.platform.database.transaction import Database
from app.platform.errors import Unavailable
from app.platform.files.folder import FolderStore
from app.platform.locations import ROOT
from app.platform.security.keyring import new_keyring, rotate, save
from tests.cli.conftest import Escouade
from tests.conftest import RING
from tests.factories.full_disk import largest_file
from tests.factories.locks import wait_for_lock_waiters
from tests.recovery.conftest import FILES
from tests.recovery.deployments import (
    Unseen,
    end_waiting,
    holding_name,
    is_untouched,
    seal_again,
    state,
    wait_until_alone,
)

INDEX = "uq_certificate_one_valid"
"""Made after all rows are loaded."""


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def change(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_text("[]", encoding="utf-8")


def largest(backup: Path) -> Path:
    return max((backup / "files").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)


def renumber(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    document["manifest"]["state"]["rows"]["public.person"] += 1
    path.write_text(json.dumps(document), encoding="utf-8")


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "archive cut": (lambda backup: cut(backup / "database.dump"), "incomplète : database.dump"),
    "archive changed": (lambda backup: change(backup / "database.dump"), "altérée : database.dump"),
    "archive gone": (lambda backup: (backup / "database.dump").unlink(), "incomplète : database.dump"),
    "file cut": (lambda backup: cut(largest(backup)), "incomplète : files/"),
    "file changed": (lambda backup: change(largest(backup)), "altérée : files/"),
    "file gone": (lambda backup: largest(backup).unlink(), "incomplète : files/"),
    "manifest cut": (lambda backup: cut(backup / "manifest.json"), "altérée : manifest.json"),
    "manifest changed": (lambda backup: renumber(backup / "manifest.json"), "altérée : manifest.json"),
    "manifest of nothing": (lambda backup: empty(backup / "manifest.json"), "altérée"),
    "manifest gone": (lambda backup: (backup / "manifest.json").unlink(), "pas une sauvegarde terminée"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_backup_is_refused_and_nothing_is_restored(
    escouade: Escouade, target: Database, backup: Path, root: Path, damage: str
) -> None:
    apply, words = DAMAGES[damage]
    apply(backup)
    done = escouade(target, "restore", backup, data_dir=str(root))
    assert (done.status, words in done.err) == (1, True), done.err
    assert is_untouched(target, root)


def test_backup_of_another_keyring_is_refused_before_anything(
    escouade: Escouade, target: Database, backup: Path, root: Path, keyring_file: Path
) -> None:
    save(keyring_file, new_keyring())
    done = escouade(target, "restore", backup, data_dir=str(root))
    assert (done.status, "avec un autre trousseau" in done.err) == (1, True)
    assert is_untouched(target, root)
    keyring_file.unlink()
    missing = escouade(target, "restore", backup, data_dir=str(root))
    assert missing.status == 1
    assert not keyring_file.exists(), "no other keyring takes its place"


def test_backup_from_before_a_rotation_is_restored(
    escouade: Escouade, target: Database, backup: Path, root: Path, keyring_file: Path
) -> None:
    rotate(keyring_file)
    assert escouade(target, "restore", backup, data_dir=str(root)).status == 0
    with target.engine.connect() as owner:
        assert owner.exec_driver_sql("select count(*) from claim_key").scalar_one() == 2


def test_backup_of_a_newer_version_is_refused(escouade: Escouade, target: Database, backup: Path, root: Path) -> None:
    manifest = read_backup(backup, RING).manifest
    newer_state = manifest.state.model_copy(update={"migration": "9999"})
    newer = manifest.model_copy(update={"version": "7.0", "state": newer_state})
    seal_again(backup, newer)
    done = escouade(target, "restore", backup, data_dir=str(root))
    assert (done.status, "version plus récente (7.0, migration 9999)" in done.err) == (1, True)
    seal_again(backup, manifest.model_copy(update={"server": 99}))
    assert "PostgreSQL 99" in escouade(target, "restore", backup, data_dir=str(root)).err
    seal_again(backup, manifest.model_copy(update={"format": 2}))
    assert "dans un format" in escouade(target, "restore", backup, data_dir=str(root)).err
    assert is_untouched(target, root)


def test_database_that_is_not_empty_is_left_as_it_is(
    escouade: Escouade, database: Database, backup: Path, root: Path
) -> None:
    before = state(database)
    done = escouade(database, "restore", backup, data_dir=str(root))
    assert (done.status, "n’est pas vide" in done.err) == (1, True)
    assert state(database) == before
    assert not list(root.rglob("*"))


def test_rights_of_a_role_that_is_missing_are_not_dropped_silently(
    escouade: Escouade, target: Database, backup: Path, root: Path
) -> None:
    manifest = read_backup(backup, RING).manifest
    seal_again(backup, manifest.model_copy(update={"roles": (*manifest.roles, "rapports_du_bailleur")}))
    done = escouade(target, "restore", backup, data_dir=str(root))
    assert (done.status, "rapports_du_bailleur" in done.err) == (1, True)
    assert is_untouched(target, root)


def test_restore_on_a_disk_that_fills_up_leaves_nothing_and_can_be_run_again(
    escouade: Escouade, target: Database, backup: Path, root: Path
) -> None:
    with largest_file(len(FILES[1]) - 1):
        done = escouade(target, "restore", backup, data_dir=str(root))
    assert (done.status, "Les fichiers n’ont pas pu être écrits" in done.err) == (1, True), done.err
    assert is_untouched(target, root)
    assert escouade(target, "restore", backup, data_dir=str(root)).status == 0


def test_restore_that_the_server_ends_leaves_nothing_and_can_be_run_again(
    target: Database, backup: Path, root: Path
) -> None:
    """As on a server whose disk is full: once all rows are there, an index cannot be made."""
    found = read_backup(backup, RING)
    place = Target(target.addresses.owner_url or "", target.addresses.url, FolderStore(root))
    with ThreadPoolExecutor() as pool, holding_name(target, INDEX):
        ended = pool.submit(end_waiting, target)
        with pytest.raises(Unavailable) as refusal:
            restore(found, place, knows, Unseen())
    assert refusal.value.code == "program_failed"
    assert ended.result() == 1
    assert is_untouched(target, root)
    assert restore(found, place, knows, Unseen()) == found.manifest.state
    assert {path.read_bytes() for path in root.rglob("*") if path.is_file()} == set(FILES)


def test_restore_that_is_killed_leaves_an_empty_database_and_can_be_run_again(
    target: Database, backup: Path, root: Path, keyring_file: Path
) -> None:
    """A process of its own, killed once all rows are there: what it started ends with it, and commits nothing."""
    variables = {
        "ESCOUADE_DATABASE_URL": target.addresses.url,
        "ESCOUADE_DATABASE_OWNER_URL": target.addresses.owner_url or "",
        "ESCOUADE_DATA_DIR": str(root),
        "ESCOUADE_KEYRING": str(keyring_file),
    }
    command = [sys.executable, "-c", "from app.cli import main; main()", "restore", str(backup)]
    with (
        holding_name(target, INDEX),
        subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, stdout=subprocess.DEVNULL) as process,
    ):
        try:
            wait_for_lock_waiters(target, 1)
        finally:
            process.kill()
    wait_until_alone(target)
    assert state(target).rows == {}
    found = read_backup(backup, RING)
    place = Target(target.addresses.owner_url or "", target.addresses.url, FolderStore(root))
    assert restore(found, place, knows, Unseen()) == found.manifest.state
    assert {path.read_bytes() for path in root.rglob("*") if path.is_file()} == set(FILES)


def test_interrupted_restore_leaves_nothing(target: Database, backup: Path, root: Path) -> None:
    def interrupt(stage: Stage) -> None:
        if stage is Stage.LOAD:
            raise KeyboardInterrupt

    place = Target(target.addresses.owner_url or "", target.addresses.url, FolderStore(root))
    with pytest.raises(KeyboardInterrupt):
        restore(read_backup(backup, RING), place, knows, Unseen(interrupt))
    assert is_untouched(target, root)
