"""``escouade audit``: seal the record, and verify its chain."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.deployment import deployment, keyring
from app.config import settings
from app.sealing import seal, verify
from app.text import t

app = typer.Typer(no_args_is_help=True)


@app.command("seal", help=t("cli.audit.seal.help"))
def seal_record() -> None:
    """Seal what the worker has not yet."""
    chosen = settings()
    with deployment(chosen) as database, database.as_owner() as session:
        typer.echo(t("cli.audit.sealed", n=seal(session, keyring(chosen), whole=True)))


@app.command("verify", help=t("cli.audit.verify.help"))
def verify_record(
    anchor: Annotated[list[str] | None, typer.Option(help=t("cli.audit.verify.anchor"))] = None,
) -> None:
    """Seal, then read the whole chain; exit 1 on any break."""
    chosen = settings()
    ring = keyring(chosen)
    with deployment(chosen) as database:
        with database.as_owner() as session:
            seal(session, ring, whole=True)
        with database.as_owner() as session:
            verdict = verify(session, ring, anchors_of(anchor or ()))
    for found in verdict.breaks:
        where = t("cli.audit.place", seq=found.seq, entry=found.entry_id or "-")
        typer.echo(f"{where} {t(f'cli.audit.fault.{found.fault.value}')}", err=True)
    if verdict.emptied:
        typer.echo(t("cli.audit.emptied", n=verdict.emptied))
    typer.echo(t("cli.audit.read", n=verdict.sealed), err=bool(verdict.breaks))
    if verdict.anchor is not None:
        typer.echo(verdict.anchor)
    raise typer.Exit(1 if verdict.breaks else 0)


def anchors_of(given: list[str] | tuple[str, ...]) -> list[str]:
    """Each anchor as it is, or the lines of the file that it names."""
    found: list[str] = []
    for one in given:
        file = Path(one)
        found.extend(file.read_text(encoding="utf-8").split() if file.is_file() else [one])
    return found
