"""``escouade upgrade``: a backup, the migrations that the database lacks, then a check."""

import time
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from sqlalchemy.exc import DBAPIError, OperationalError

from app import __version__
from app.cli.failures import stop
from app.cli.recovery.backup import made_backup
from app.deployment import current, head, install_keys, knows, pending, prepare, server_addresses
from app.deployment import upgrade as run_migrations
from app.platform.backup.manifest import Manifest
from app.platform.backup.restoring import state_of
from app.platform.config import settings
from app.platform.database.embedded import install_signal_handlers
from app.platform.database.login_role import role_reasons
from app.platform.database.transaction import Addresses
from app.platform.errors import DomainError, Invalid, Unavailable
from app.platform.messages.i18n import explain, explain_error, t
from app.platform.security import keyring

TRIES = 6
WAIT = 5.0
"""Seconds between two tries: whoever holds a lock that the migrations need is to have ended."""


def upgrade(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help=t("cli.upgrade.folder"))],
) -> None:
    """Back up, migrate, check; print what changed, or how to go back."""
    install_signal_handlers()
    chosen = settings()
    ring = keyring.load(chosen.keyring_file)
    with server_addresses(chosen) as addresses:
        if addresses.owner_url is None:
            raise Unavailable("owner_address_missing")
        before = current(addresses.owner_url)
        if before is not None and not knows(before):
            raise Invalid("database_newer", migration=before, version=__version__)
        lacking = pending(addresses.owner_url)
        if not lacking:
            typer.echo(t("cli.upgrade.nothing", version=__version__, migration=before))
            _finish(addresses, ring, None, None)
        elif before is None:
            _migrate(addresses.owner_url, None)
            _finish(addresses, ring, None, None)
        else:
            path, manifest = made_backup(chosen, addresses.owner_url, folder)
            typer.echo(t("cli.upgrade.backup", path=path))
            _migrate(addresses.owner_url, path)
            _finish(addresses, ring, path, manifest)
    for line in lacking:
        typer.echo(f"  + {line}")
    typer.echo(t("cli.upgrade.done", version=__version__, migration=head()))


def migrate_patiently(owner_url: str, *, tries: int = TRIES, wait: float = WAIT, lock_timeout: str = "10s") -> None:
    """Run the migrations, all of them or none; begin again where a table was locked for too long."""
    for left in range(tries - 1, -1, -1):
        try:
            run_migrations(owner_url, lock_timeout=lock_timeout)
        except OperationalError as error:
            if not (left and isinstance(error.orig, psycopg.errors.LockNotAvailable)):
                raise
            typer.echo(t("cli.upgrade.locked", n=left), err=True)
            time.sleep(wait)
        else:
            return


def _migrate(owner_url: str, backup: Path | None) -> None:
    try:
        migrate_patiently(owner_url)
    except DBAPIError as error:
        lines = [t("cli.upgrade.unchanged"), str(error.orig).strip()]
        stop(*lines, *([t("cli.upgrade.kept", path=backup)] if backup else []))


def _finish(addresses: Addresses, ring: keyring.Keyring, backup: Path | None, manifest: Manifest | None) -> None:
    """Make the login role and let the database know the keyring; print what changed, or stop with the way back."""
    owner_url = addresses.owner_url or ""
    try:
        prepare(addresses, ring)
        install_keys(owner_url, ring, others_end=True)
        problems = [explain(reason) for reason in role_reasons(addresses.url)]
    except DomainError as error:
        problems = [explain_error(error)]
    if problems:
        way = [t("cli.upgrade.return", path=backup, version=manifest.version)] if backup and manifest else []
        stop(*problems, *way)
    if manifest is not None:
        rows, now = manifest.state.rows, state_of(owner_url).rows
        for name in sorted(rows.keys() | now.keys()):
            if rows.get(name) != now.get(name):
                typer.echo(f"  {name} : {rows.get(name, '-')} → {now.get(name, '-')}")
