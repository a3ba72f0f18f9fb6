"""``escouade migrate``: database migrations."""

from typing import Annotated

import typer

from app.deployment import server_url, upgrade
from app.platform.config import settings
from app.platform.messages.i18n import t


def migrate(
    revision: Annotated[str, typer.Argument(help=t("cli.migrate.revision"))] = "head",
) -> None:
    """Migrate the database to a revision, as the tables' owner."""
    with server_url(settings()) as url:
        upgrade(url, revision)
    typer.echo(t("cli.migrate.done"))
