"""Files in a bucket: backed up and restored, moved from a folder and back."""

from pathlib import Path

import pytest

from app.certificates.documents.checks import check_certificates
from app.platform.database.transaction import Database
from app.platform.files.address import Bucket
from app.platform.files.bucket import BucketStore
from app.platform.files.folder import FolderStore
from tests.cli.conftest import Escouade
from tests.conftest import RING
from tests.factories.network import World
from tests.factories.s3_server import S3Server, settings_of
from tests.recovery.deployments import certify
from tests.server import opened

Buckets = tuple[S3Server, Bucket, Bucket, Path]


@pytest.fixture
def buckets(s3: S3Server, tmp_path: Path) -> Buckets:
    """A server with two buckets, and a folder for backups."""
    return s3, s3.bucket(), s3.bucket(), tmp_path / "backups"


def paths(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


def test_bucket_is_backed_up_and_restored_into_another(
    escouade: Escouade, database: Database, world: World, target: Database, buckets: Buckets
) -> None:
    s3, first, second, place = buckets
    files = BucketStore(first)
    certify(database, world, files, 3)
    files.restrict(next(files.listed()).path.rpartition("/")[2])
    done = escouade(database, "backup", place, **settings_of(first))
    assert done.status == 0, done.err
    [backup] = place.glob("escouade-*")
    held = paths(s3.folder / first.name)
    assert len(held) == 3
    assert held < paths(backup)
    done = escouade(target, "restore", backup, **settings_of(second))
    assert done.status == 0, done.err
    assert paths(s3.folder / second.name) == held
    restored = opened(target.addresses.owner_url or "")
    try:
        assert check_certificates(restored, RING, BucketStore(second)) == (3, [])
    finally:
        restored.dispose()


def test_restore_into_a_bucket_that_is_away_leaves_nothing(
    escouade: Escouade, target: Database, backup: Path, s3: S3Server
) -> None:
    bucket = s3.bucket(seconds=0.5)
    s3.stop()
    done = escouade(target, "restore", backup, **settings_of(bucket))
    assert (done.status, "ne répond pas" in done.err) == (1, True)
    s3.start()
    assert escouade(target, "restore", backup, **settings_of(bucket)).status == 0


def test_files_of_a_folder_move_into_a_bucket_and_back_from_a_backup(
    escouade: Escouade,
    database: Database,
    root: Path,
    buckets: Buckets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3, bucket, _, place = buckets
    folder, other = FolderStore(root), FolderStore(root.with_name("other"))
    served, ended = folder.store(b"une remise"), folder.store(b"une attestation")
    folder.restrict(ended)
    held = paths(root)
    done = escouade(database, "files", "import", root, **settings_of(bucket))
    assert (done.status, "2 fichiers copiés" in done.out) == (0, True)
    assert paths(s3.folder / bucket.name) == held
    assert "0 fichier copié" in escouade(database, "files", "import", root, **settings_of(bucket)).out
    assert escouade(database, "backup", place, **settings_of(bucket)).status == 0
    [backup] = place.glob("escouade-*")
    monkeypatch.delenv("ESCOUADE_S3_BUCKET")
    back = escouade(database, "files", "import", backup, data_dir=other.place)
    assert (back.status, "2 fichiers copiés" in back.out) == (0, True), back.err
    assert (other.load(served), other.load_restricted(ended)) == (b"une remise", b"une attestation")


def test_file_that_is_not_what_its_name_says_is_not_moved(
    escouade: Escouade, database: Database, root: Path, s3: S3Server
) -> None:
    bucket, name = s3.bucket(), FolderStore(root).store(b"contenu")
    (root / "files" / name[:2] / name).write_bytes(b"autre chose")
    done = escouade(database, "files", "import", root, **settings_of(bucket))
    assert (done.status, name in done.err) == (1, True)
    assert paths(s3.folder / bucket.name) == set()
