"""``escouade demo``: populate the demo network; list its accounts."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.demo.load import SEED, accounts_of, is_empty, load
from app.deployment import deployment, load_keyring
from app.platform.config import settings
from app.platform.files.opening import file_store
from app.platform.messages.i18n import t

app = typer.Typer(invoke_without_command=True)


@app.callback()
def demo(
    context: typer.Context,
    seed: Annotated[int, typer.Option(help=t("cli.demo.seed"))] = SEED,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=t("cli.demo.on"))] = None,
) -> None:
    """Populate an empty deployment with the demo network; a deployment in use, and production, are refused."""
    chosen = settings()
    if chosen.environment == "production":
        typer.echo(t("cli.demo.production"), err=True)
        raise typer.Exit(1)
    if context.invoked_subcommand is not None:
        return
    with deployment(chosen) as database:
        if not is_empty(database):
            typer.echo(t("cli.demo.in_use"), err=True)
            raise typer.Exit(1)
        day = on.replace(tzinfo=UTC).date() if on else None
        load(database, chosen.base_url, load_keyring(chosen), file_store(chosen), seed=seed, on=day)


@app.command(help=t("cli.demo.accounts"))
def accounts(
    as_json: Annotated[bool, typer.Option("--json", help=t("cli.demo.accounts_json"))] = False,
) -> None:
    """Print one account per role and college, with its password."""
    with deployment(settings()) as database, database.transaction() as db:
        demo_accounts = accounts_of(db)
    if as_json:
        typer.echo(json.dumps([a.model_dump() for a in demo_accounts], ensure_ascii=False, indent=2))
        return
    for account in demo_accounts:
        typer.echo(f"{t(f'role.{account.role.value}'):16} {account.college:28} {account.email:52} {account.password}")
