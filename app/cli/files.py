"""``escouade files``: move stored files from a folder to where the settings keep them."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.failures import stop
from app.cli.recovery.shown import shown_progress, size
from app.platform.backup.manifest import measure
from app.platform.backup.progress import Stage
from app.platform.config import settings
from app.platform.files.folder import FolderStore
from app.platform.files.opening import file_store
from app.platform.messages.i18n import t

app = typer.Typer(no_args_is_help=True)


@app.command("import", help=t("cli.files.import.help"))
def import_files(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help=t("cli.files.import.folder"), exists=True, file_okay=False)
    ],
) -> None:
    """Copy the files of a folder, those that are not there yet; exit 1 where one is not what its name says.

    The folder is that of a deployment's data, or a backup: both have the same form. Run again, it goes on.
    """
    source, target = FolderStore(folder), file_store(settings())
    held = {stored.path for stored in target.listed()}
    lacking = [stored for stored in source.listed() if stored.path not in held]
    altered, copied = [], 0
    with shown_progress() as progress:
        progress.begin(Stage.FILES, sum(stored.bytes for stored in lacking))
        for stored in lacking:
            if measure(folder / stored.path, progress.advance)[1] == stored.path.rpartition("/")[2]:
                target.put_back(stored.path, folder / stored.path)
                copied += stored.bytes
            else:
                altered.append(stored.path)
    target.sync()
    n = len(lacking) - len(altered)
    typer.echo(t("cli.files.import.done", n=n, size=size(copied), place=target.place))
    if altered:
        stop(*(t("cli.files.import.altered", path=path) for path in altered))
