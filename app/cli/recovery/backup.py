"""``escouade backup``: the database, the files and a sealed manifest, in a new folder."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.recovery.shown import shown_progress, size
from app.deployment import server_addresses
from app.platform.backup.manifest import Manifest
from app.platform.backup.writing import Source, remove_old, write_backup
from app.platform.config import Settings, settings
from app.platform.database.embedded import install_signal_handlers
from app.platform.errors import Unavailable
from app.platform.files.opening import file_store
from app.platform.messages.i18n import t
from app.platform.security import keyring


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help=t("cli.backup.folder"))],
    keep: Annotated[int | None, typer.Option(min=1, help=t("cli.backup.keep"))] = None,
) -> None:
    """Write a backup beside the earlier ones; print where it is, and the link of the audit chain to keep elsewhere."""
    install_signal_handlers()
    chosen = settings()
    with server_addresses(chosen) as addresses:
        path, manifest = made_backup(chosen, addresses.owner_url, folder)
    typer.echo(t("cli.backup.done", path=path, size=size(manifest.bytes), files=len(manifest.files)))
    if manifest.missing:
        typer.echo(t("cli.backup.missing", n=len(manifest.missing)), err=True)
    if keep is not None:
        for old in remove_old(folder, keep):
            typer.echo(t("cli.backup.removed", path=old))
    typer.echo(t("cli.backup.keyring", file=chosen.keyring_file))
    if manifest.state.anchor is not None:
        typer.echo(t("cli.backup.anchor", anchor=manifest.state.anchor))


def made_backup(chosen: Settings, owner_url: str | None, folder: Path) -> tuple[Path, Manifest]:
    """Write a backup of a deployment and return it; raise ``Unavailable`` without the owner's address."""
    if owner_url is None:
        raise Unavailable("owner_address_missing")
    source = Source(owner_url, file_store(chosen), keyring.load(chosen.keyring_file))
    with shown_progress() as progress:
        return write_backup(folder, source, progress)
