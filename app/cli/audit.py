"""``escouade audit``: append audit entries to the hash chain, and verify it."""

from pathlib import Path
from typing import Annotated

import typer

from app.deployment import deployment, load_keyring
from app.platform.audit.hash_chain import append, verify
from app.platform.config import settings
from app.platform.messages.i18n import t

app = typer.Typer(no_args_is_help=True)


@app.command("seal", help=t("cli.audit.seal.help"))
def seal_record() -> None:
    """Append to the chain the entries that the worker has not appended yet."""
    chosen = settings()
    with deployment(chosen) as database, database.as_owner() as db:
        typer.echo(t("cli.audit.sealed", n=append(db, load_keyring(chosen), whole=True)))


@app.command("verify", help=t("cli.audit.verify.help"))
def verify_record(
    anchor: Annotated[list[str] | None, typer.Option(help=t("cli.audit.verify.anchor"))] = None,
) -> None:
    """Append the remaining entries, then verify the whole chain; exit 1 on any violation."""
    chosen = settings()
    keyring = load_keyring(chosen)
    with deployment(chosen) as database:
        with database.as_owner() as db:
            append(db, keyring, whole=True)
        with database.as_owner() as db:
            report = verify(db, keyring, anchors_of(anchor or ()))
    for violation in report.violations:
        place = t("cli.audit.place", seq=violation.seq, entry=violation.entry_id or "-")
        typer.echo(f"{place} {t(f'cli.audit.fault.{violation.fault.value}')}", err=True)
    if report.emptied:
        typer.echo(t("cli.audit.emptied", n=report.emptied))
    typer.echo(t("cli.audit.read", n=report.sealed), err=bool(report.violations))
    if report.anchor is not None:
        typer.echo(report.anchor)
    raise typer.Exit(1 if report.violations else 0)


def anchors_of(arguments: list[str] | tuple[str, ...]) -> list[str]:
    """Return the anchors of the arguments: an argument is an anchor, or a file with one anchor per line."""
    anchors: list[str] = []
    for argument in arguments:
        file = Path(argument)
        anchors.extend(file.read_text(encoding="utf-8").split() if file.is_file() else [argument])
    return anchors
