"""``escouade upgrade``: a backup first, then the migrations; a failure leaves the database as it was."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from app.cli.recovery import upgrade as command
from app.cli.recovery.upgrade import migrate_patiently
from app.deployment import current, head, install_keys, pending, upgrade
from app.platform.backup.writing import complete_backups
from app.platform.database.transaction import Database
from tests.cli.conftest import Escouade
from tests.conftest import RING
from tests.recovery.deployments import backed_up, state
from tests.server import driver_url

OLDER = "0017"


@pytest.fixture
def older(target: Database) -> Database:
    """A database of an earlier version."""
    upgrade(target.addresses.owner_url or "", OLDER)
    install_keys(target.addresses.owner_url or "", RING)
    return target


def test_upgrade_backs_up_migrates_and_says_what_changed(
    escouade: Escouade, older: Database, tmp_path: Path, root: Path
) -> None:
    url = older.addresses.owner_url or ""
    lacking = pending(url)
    assert lacking[0].startswith("0018 ")
    done = escouade(older, "upgrade", tmp_path / "backups", data_dir=str(root))
    assert (done.status, current(url)) == (0, head()), done.err
    assert all(line in done.out for line in lacking)
    assert len(complete_backups(tmp_path / "backups")) == 1
    again = escouade(older, "upgrade", tmp_path / "backups", data_dir=str(root))
    assert (again.status, "Rien à migrer" in again.out) == (0, True)
    assert len(complete_backups(tmp_path / "backups")) == 1, "nothing to come back from"


def test_backup_of_an_older_version_is_restored_then_upgraded(
    escouade: Escouade, older: Database, second_target: Database, tmp_path: Path, root: Path
) -> None:
    folder, manifest = backed_up(older, root, tmp_path / "backups")
    done = escouade(second_target, "restore", folder, data_dir=str(root))
    assert (done.status, "lancez « escouade upgrade »" in done.out) == (0, True), done.err
    assert state(second_target) == manifest.state
    assert escouade(second_target, "upgrade", tmp_path / "backups", data_dir=str(root)).status == 0
    assert current(second_target.addresses.owner_url or "") == head()


def test_upgrade_that_meets_a_long_lock_changes_nothing_and_names_the_way_back(
    escouade: Escouade, older: Database, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        command, "migrate_patiently", lambda url: migrate_patiently(url, tries=2, wait=0, lock_timeout="50ms")
    )
    before = state(older)
    with locked(older):
        done = escouade(older, "upgrade", tmp_path / "backups", data_dir=str(root))
    assert (done.status, "restée comme elle était" in done.err) == (1, True), done.err
    assert "encore 1 essai" in done.err
    assert str(complete_backups(tmp_path / "backups")[0]) in done.err
    assert state(older) == before


def test_lock_that_ends_in_time_delays_the_migration(older: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    url = older.addresses.owner_url or ""
    held = locked(older)
    held.execute("select 1")
    monkeypatch.setattr("time.sleep", lambda _: held.close())
    migrate_patiently(url, tries=2, wait=0, lock_timeout="50ms")
    assert current(url) == head()


def test_error_other_than_a_lock_is_not_tried_again() -> None:
    with pytest.raises(OperationalError, match="connection"):
        migrate_patiently("postgresql+psycopg://nobody@127.0.0.1:1/none", tries=5, wait=60)


def test_database_of_a_newer_version_is_left_alone(
    escouade: Escouade, older: Database, tmp_path: Path, root: Path
) -> None:
    with older.engine.begin() as owner:
        owner.exec_driver_sql("update alembic_version set version_num = '9999'")
    done = escouade(older, "upgrade", tmp_path / "backups", data_dir=str(root))
    assert (done.status, "mettez le programme à jour" in done.err) == (1, True)
    assert not (tmp_path / "backups").exists()


def impatient(owner_url: str) -> None:
    """Try twice, at once."""
    migrate_patiently(owner_url, tries=2, wait=0, lock_timeout="50ms")


def locked(database: Database) -> psycopg.Connection:
    """Return a connection that holds a lock for which migrations wait, and backups do not."""
    connection = psycopg.connect(driver_url(database.addresses.owner_url or ""))
    connection.execute("lock table alembic_version in share mode")
    return connection
