"""``escouade restore``: a backup into an empty database, or with ``--check`` into a server of its own, to try it."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.failures import stop
from app.cli.recovery.checks import check_backup
from app.cli.recovery.shown import shown_progress
from app.deployment import head, install_keys, knows, server_addresses
from app.platform.backup.manifest import Backup, read_backup
from app.platform.backup.restoring import Target
from app.platform.backup.restoring import restore as restore_backup
from app.platform.config import Settings, settings
from app.platform.database.embedded import install_signal_handlers
from app.platform.errors import Unavailable
from app.platform.files.opening import file_store
from app.platform.messages.i18n import t
from app.platform.security import keyring


def restore(
    folder: Annotated[Path, typer.Argument(metavar="BACKUP", help=t("cli.restore.folder"))],
    check: Annotated[bool, typer.Option("--check", help=t("cli.restore.check"))] = False,
) -> None:
    """Restore a backup, or try it; exit 1 when it is not as it should be."""
    install_signal_handlers()
    chosen = settings()
    ring = keyring.load(chosen.keyring_file)
    found = read_backup(folder, ring)
    if not check:
        _restore(found, chosen, ring)
    elif not check_backup(found, ring):
        raise typer.Exit(1)


def _restore(found: Backup, chosen: Settings, ring: keyring.Keyring) -> None:
    manifest = found.manifest
    with server_addresses(chosen) as addresses:
        if addresses.owner_url is None:
            raise Unavailable("owner_address_missing")
        target = Target(addresses.owner_url, addresses.url, file_store(chosen))
        with shown_progress() as progress:
            state = restore_backup(found, target, knows, progress)
        install_keys(addresses.owner_url, ring)
    if differences := manifest.state.differences(state):
        stop(t("cli.restore.differs", names=", ".join(differences)))
    typer.echo(t("cli.restore.done", made=manifest.made_at.isoformat(timespec="seconds"), version=manifest.version))
    typer.echo(t("cli.restore.counts", tables=len(state.rows), rows=sum(state.rows.values()),
                 files=len(manifest.files), grants=state.grants, policies=state.policies))  # fmt: skip
    if state.migration != head():
        typer.echo(t("cli.restore.older"))
