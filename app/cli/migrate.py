"""``escouade migrate``: database migrations."""

from typing import Annotated

import typer

from app.deployment import forget_keys, install_keys, load_keyring, prepare, server_addresses
from app.platform.config import settings
from app.platform.messages.i18n import t


def migrate(
    revision: Annotated[str, typer.Argument(help=t("cli.migrate.revision"))] = "head",
    new_keyring: Annotated[bool, typer.Option("--new-keyring", help=t("cli.migrate.new_keyring"))] = False,
) -> None:
    """Migrate the database to a revision as the tables' owner, make its login role, let it know the keyring."""
    chosen = settings()
    with server_addresses(chosen) as addresses:
        keyring = load_keyring(chosen)
        if new_keyring and addresses.owner_url is not None:
            forget_keys(addresses.owner_url)
        prepare(addresses, keyring, revision)
        install_keys(addresses.owner_url or "", keyring, others_end=True)
    typer.echo(t("cli.migrate.done"))
