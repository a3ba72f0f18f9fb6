"""The restore drill: dump, empty database, restore; same rows, same end of the chain, ten certificates verify."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.certificates.documents.checks import check_certificates
from app.platform.audit.hash_chain import verify
from app.platform.backup.writing import complete_backups
from app.platform.database.transaction import Database
from app.platform.files.folder import FolderStore
from app.platform.security.keyring import KeyPurpose
from tests.cli.conftest import Escouade
from tests.conftest import RING
from tests.factories.network import World
from tests.recovery.deployments import backed_up, certify, seal_secrets_and_record, state
from tests.server import opened


def test_restored_deployment_is_the_one_backed_up(
    escouade: Escouade, database: Database, world: World, target: Database, root: Path
) -> None:
    """A few seconds: ten certificates are issued, and two commands do what an operator's night would ask."""
    certify(database, world, FolderStore(root), 10)
    seal_secrets_and_record(database, world)
    place, other = root.with_name("backups"), root.with_name("elsewhere")
    assert escouade(database, "backup", place, data_dir=str(root)).status == 0
    moment = time.monotonic()
    before = state(database)
    [folder] = complete_backups(place)
    began = time.monotonic()
    done = escouade(target, "restore", folder, data_dir=str(other))
    assert (done.status, done.err.count("Error")) == (0, 0), done.err
    print(f"RPO: what was written after the backup ({began - moment:.1f} s before the restore began)")
    print(f"RTO: {time.monotonic() - began:.1f} s for {sum(before.rows.values())} rows")
    assert state(target) == before
    restored = opened(target.addresses.owner_url or "")
    try:
        with restored.as_owner() as db:
            chain = verify(db, RING, [before.anchor or ""])
        assert (chain.violations, chain.anchor) == ([], before.anchor)
        assert check_certificates(restored, RING, FolderStore(other)) == (10, [])
    finally:
        restored.dispose()


@pytest.fixture
def tampered(database: Database, world: World, tmp_path: Path, root: Path) -> Path:
    """A backup of a deployment that was damaged before: each check of ``--check`` has something to find."""
    certify(database, world, FolderStore(root), 3)
    seal_secrets_and_record(database, world)
    with database.engine.begin() as owner:
        owner.execute(text("update audit_entry set outcome = 'refused' where id = (select min(id) from audit_entry)"))
        owner.execute(text("revoke insert on judgement from escouade_app"))
        owner.execute(text("grant delete on judgement to escouade_app"))
        owner.execute(text('drop policy "select" on enrolment'))
        elsewhere = RING.encrypt(KeyPurpose.TOTP, "JBSWY3DPEHPK3PXP", bound="account:0")
        owner.execute(
            text("update account_secret set totp_sealed = :it where totp_sealed is not null"), {"it": elsewhere}
        )
        owner.execute(text("update certificate set credential = replace(credential, 'Maude', 'Marie')"))
        lost = owner.execute(text("select pdf_sha256 from certificate order by id limit 1")).scalar_one()
    (root / "files" / lost[:2] / lost).unlink()
    return backed_up(database, root, tmp_path / "backups")[0]


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files that the account of the trial's server reaches, and nobody else uses."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    place.rmdir()


def test_trial_of_a_backup_reports_each_thing_that_is_wrong(
    escouade: Escouade, database: Database, tampered: Path, root: Path, temporary: Path
) -> None:
    """A server of its own is started: two seconds."""
    before = state(database)
    done = escouade(database, "restore", "--check", tampered, data_dir=str(root))
    assert done.status == 1
    found = {line[:1] for line in done.out.splitlines() if line[:1] in "✓✗"}
    assert found == {"✗", "✓"}, done.out + done.err
    for words in (
        "✗ Fichiers entiers", "✗ Chaîne du journal", "✗ Attestations vérifiées", "✗ Droits", "✗ Secrets lus",
        "l’entrée ou son rang a changé", "manque : grant insert on table public.judgement to escouade_app",
        "en trop : grant delete on table public.judgement", 'manque : policy "select" on public.enrolment',
        "La signature du justificatif", "Le document de l’attestation",
    ):  # fmt: skip
        assert words in done.out, words
    assert "✓ Lignes de chaque table" in done.out
    assert state(database) == before
    assert not list(temporary.iterdir())


def test_trial_of_a_sound_backup_succeeds_and_leaves_nothing(
    escouade: Escouade, database: Database, backup: Path, root: Path, temporary: Path
) -> None:
    """A server of its own is started, where no role was made yet: two seconds."""
    done = escouade(database, "restore", "--check", backup, data_dir=str(root))
    assert (done.status, "✗" in done.out) == (0, False), done.out + done.err
    assert "Perte (RPO)" in done.out
    assert "Reprise (RTO)" in done.out
    assert not list(temporary.iterdir())
    assert not root.exists()
