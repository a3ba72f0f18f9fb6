"""Deployments to back up and to restore: a database with its files, certificates, secrets and sealed record."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from app.certificates.badges.service import ensure_credential
from app.certificates.documents.service import DocumentStore, lock_certificate, store_document
from app.certificates.issuing import service as issuing
from app.certificates.issuing.schemas import IssueCertificate
from app.cohorts.enrolments import service as enrolments
from app.network.enums import CertificateKind
from app.platform.audit.hash_chain import append
from app.platform.backup.manifest import Manifest, sealed
from app.platform.backup.progress import Stage
from app.platform.backup.restoring import state_of
from app.platform.backup.state import DatabaseState
from app.platform.backup.writing import Source, write_backup
from app.platform.database.transaction import Database
from app.platform.files.folder import FolderStore
from app.platform.files.store import FileStore
from app.platform.security.permissions import P
from tests.cli.test_keys import stored
from tests.conftest import RING, SITE
from tests.database_copy import drop_database
from tests.factories import bulk_clone
from tests.factories.locks import LOCK_WAITERS
from tests.factories.network import World, acting
from tests.server import addresses_of, driver_url, run_on_server, with_database

LONGEST_WAIT = 100.0
"""Seconds until a restore has come to a lock."""


class Unseen:
    """A progress that nobody watches; ``react`` is called at each step with the stage."""

    def __init__(self, react: Callable[[Stage], None] = lambda _: None) -> None:
        self.react = react
        self.stage = Stage.DUMP

    def begin(self, stage: Stage, total: int) -> None:
        """Note the stage."""
        assert total >= 0
        self.stage = stage
        self.react(stage)

    def advance(self, done: int) -> None:
        """React."""
        assert done >= 0
        self.react(self.stage)


def certify(database: Database, world: World, files: FileStore, count: int) -> list[str]:
    """Issue certificates with a credential and a stored document each; return their codes."""
    store = DocumentStore(files, SITE, RING)
    codes = []
    for enrolment_id in bulk_clone.make_eligible(database, world, count):
        with database.transaction() as db:
            actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
            command = IssueCertificate(kind=CertificateKind.attestation_participation)
            ref = enrolments.see_enrolment(db, actor, enrolment_id)
            row = lock_certificate(db, issuing.issue(db, actor, ref, command, site=SITE).id)
            ensure_credential(db, RING, row, site=SITE)
            store_document(db, row, f"document {row.number}".encode(), store)
            codes.append(row.code)
    return codes


def seal_secrets_and_record(database: Database, world: World) -> None:
    """Store two secrets under the keyring, then append the record so far to the hash chain."""
    stored(database, RING, world)
    with database.as_owner() as db:
        assert append(db, RING, whole=True) > 0


def source_of(database: Database, root: Path) -> Source:
    """Return what is backed up of a deployment whose files are in a folder."""
    return Source(database.addresses.owner_url or "", FolderStore(root), RING)


def backed_up(database: Database, root: Path, place: Path) -> tuple[Path, Manifest]:
    """Back a deployment up."""
    return write_backup(place, source_of(database, root), Unseen())


def seal_again(folder: Path, manifest: Manifest) -> None:
    """Write another manifest, with the right seal."""
    (folder / "manifest.json").write_text(sealed(manifest, RING), encoding="utf-8")


@contextmanager
def empty_database(server: str, name: str) -> Iterator[Database]:
    """Yield a database without anything in it; it is dropped afterwards."""
    run_on_server(server, f"create database {name} template template0 encoding 'UTF8' locale 'C'")
    database = Database(addresses_of(with_database(server, name)))
    try:
        yield database
    finally:
        database.dispose()
        drop_database(server, name)


def state(database: Database) -> DatabaseState:
    """Return the state of a database."""
    return state_of(database.addresses.owner_url or "")


def is_untouched(database: Database, root: Path) -> bool:
    """Whether a database and a store have nothing at all in them."""
    return not state(database).rows and not [path for path in root.rglob("*") if path.is_file()]


@contextmanager
def holding_name(database: Database, name: str) -> Iterator[None]:
    """Hold the name of a relation: whoever makes one of that name waits, while everybody sees an empty database."""
    with psycopg.connect(driver_url(database.addresses.owner_url or "")) as holder:
        holder.execute(f'create table "{name}" ()'.encode())
        yield
        holder.rollback()


def end_waiting(database: Database) -> int:
    """End whoever waits for a lock in a database, as a server that dies would; return how many were ended.

    Nobody may ever wait, as when a restore fails before: the wait has an end, so that the failure is seen.
    """
    waiting = f"select pg_terminate_backend(pid) {LOCK_WAITERS}".encode()
    with psycopg.connect(driver_url(database.addresses.owner_url or ""), autocommit=True) as owner:
        deadline = time.monotonic() + LONGEST_WAIT
        while not (ended := owner.execute(waiting).rowcount) and time.monotonic() < deadline:
            time.sleep(0.02)
    return ended


def wait_until_alone(database: Database) -> None:
    """Wait until nobody else is connected to a database."""
    others = "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    with psycopg.connect(driver_url(database.addresses.owner_url or ""), autocommit=True) as owner:
        deadline = time.monotonic() + LONGEST_WAIT
        while owner.execute(others).rowcount:
            assert time.monotonic() < deadline
            time.sleep(0.02)
