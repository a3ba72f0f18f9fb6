"""The trial of a backup: restored into a server of its own, and compared with what it was made from.

The server in service is not touched. The trial's server is the embedded one, in the folder for temporary files
(``TMPDIR``), which the database and the files must fit in; nothing of it is left.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import typer

from app.certificates.badges.college_keys import reencrypt_keys
from app.certificates.documents.checks import check_certificates
from app.cli.recovery.shown import shown_progress
from app.codev.confidences.service import reencrypt_group_keys
from app.deployment import knows, open_database, prepare, upgrade
from app.grading.conflicts.service import reencrypt_details
from app.identity.reencryption import reencrypt
from app.platform.audit.hash_chain import verify
from app.platform.backup.manifest import Backup, Manifest
from app.platform.backup.restoring import Target, restore
from app.platform.backup.state import DatabaseState
from app.platform.clock import now
from app.platform.database.connections import conninfo, engine_of
from app.platform.database.embedded import embedded_server
from app.platform.database.login_role import login_url
from app.platform.database.rights import differences
from app.platform.database.session import APP_ROLE
from app.platform.database.transaction import Addresses, Database
from app.platform.errors import DomainError
from app.platform.files.folder import FolderStore
from app.platform.files.store import FileStore
from app.platform.messages.i18n import explain, explain_error, number, t
from app.platform.security.keyring import KeyPurpose, Keyring

MINUTE = 60


def check_backup(found: Backup, keyring: Keyring) -> bool:
    """Restore a backup apart, print what each check says, and return whether all is right."""
    place = Path(mkdtemp(prefix="escouade-check-"))
    place.chmod(0o711)  # root runs the server as another account, which has to reach its folder
    try:
        with embedded_server(place / "postgresql") as url:
            return _check(found, keyring, Target(url, login_url(url), FolderStore(place / "data")))
    finally:
        shutil.rmtree(place)


def _check(found: Backup, keyring: Keyring, target: Target) -> bool:
    manifest, began = found.manifest, time.monotonic()
    _make_roles(target.owner_url, manifest.roles)
    with shown_progress() as progress:
        state = restore(found, target, knows, progress)
    seconds = time.monotonic() - began
    addresses = Addresses(target.url, target.owner_url, keyring.derived(KeyPurpose.CLAIMS))
    rights = _rights(target.owner_url)
    prepare(addresses, keyring)  # it gives back the rights that are missing
    database = open_database(addresses)
    try:
        failed = int(not _report(t("cli.restore.rights", grants=state.grants, policies=state.policies), rights))
        failed += sum(not _report(*line) for line in _lines(database, keyring, target.files, manifest, state))
    finally:
        database.dispose()
    age = (now() - manifest.made_at).total_seconds() / MINUTE
    typer.echo(t("cli.restore.rpo", made=manifest.made_at.isoformat(timespec="seconds"), minutes=number(age)))
    typer.echo(t("cli.restore.rto", seconds=number(seconds, 1)))
    return not failed


def _report(title: str, problems: list[str]) -> bool:
    typer.echo(f"{'✗' if problems else '✓'} {title}")
    for problem in problems:
        typer.echo(f"    {problem}")
    return not problems


def _lines(
    database: Database, keyring: Keyring, files: FileStore, manifest: Manifest, state: DatabaseState
) -> Iterator[tuple[str, list[str]]]:
    """Yield what is checked, with what is wrong about it."""
    yield (
        t("cli.restore.files", files=len(manifest.files)),
        [t("cli.restore.lost", digest=digest) for digest in manifest.missing],
    )
    names = manifest.state.differences(state)
    yield (
        t("cli.restore.rows", tables=len(state.rows), rows=sum(state.rows.values())),
        [t("cli.restore.differs", names=", ".join(names))] if names else [],
    )
    with database.as_owner() as db:
        chain = verify(db, keyring, [manifest.state.anchor] if manifest.state.anchor else ())
    yield (
        t("cli.restore.chain", links=chain.sealed, anchor=chain.anchor or "-"),
        [
            t("cli.audit.place", seq=v.seq, entry=v.entry_id or "-") + " " + t(f"cli.audit.fault.{v.fault.value}")
            for v in chain.violations
        ],
    )
    count, reasons = check_certificates(database, keyring, files)
    yield t("cli.restore.certificates", n=count), list(map(explain, reasons))
    yield t("cli.restore.secrets"), _secrets(database, keyring)


def _rights(owner_url: str) -> list[str]:
    """Return how the rights differ from those that the migrations give, once they have been run."""
    upgrade(owner_url)
    engine = engine_of(owner_url)
    try:
        with engine.connect() as owner:
            missing, added = differences(owner)
    finally:
        engine.dispose()
    return [*(t("cli.restore.right_lost", right=line) for line in sorted(missing)),
            *(t("cli.restore.right_added", right=line) for line in sorted(added))]  # fmt: skip


def _secrets(database: Database, keyring: Keyring) -> list[str]:
    """Return why a secret cannot be read: each is encrypted again, under a key that nobody keeps."""
    again = keyring.rotated()
    problems = []
    encrypt_again: tuple[Callable[[], object], ...]
    with database.as_owner() as db:
        encrypt_again = (
            lambda: reencrypt(db, again),
            lambda: reencrypt_keys(db, again),
            lambda: reencrypt_group_keys(db, again),
            lambda: reencrypt_details(db, again),
        )
        for encrypt in encrypt_again:
            try:
                encrypt()
            except DomainError as error:
                problems.append(explain_error(error))
    return problems


def _make_roles(owner_url: str, roles: tuple[str, ...]) -> None:
    """Make the roles that the operator gave rights to: in this server nobody else has. The restore makes ours."""
    with psycopg.connect(conninfo(owner_url), autocommit=True) as owner:
        for role in set(roles) - {APP_ROLE}:
            owner.execute(psycopg.sql.SQL("create role {} nologin").format(psycopg.sql.Identifier(role)))
