"""``escouade recount``: compare what the database keeps with what it is computed from, and mend it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import text

from app.deployment import deployment
from app.features import FIGURES
from app.platform.config import settings
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.kept_figures import Difference, KeptFigure
from app.platform.messages.i18n import t

SHOWN = 10
"""How many differences of a figure are printed."""


def recount(write: Annotated[bool, typer.Option("--write", help=t("cli.recount.write"))] = False) -> None:
    """Print, by figure, what differs; exit 1 where something does, and is not mended."""
    left = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        deployment(settings()) as database,
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task("", total=len(FIGURES))
        for figure in FIGURES:
            bar.update(task, description=t(f"figure.{figure.name}"))
            with _long(database) as db:
                differences = list(figure.differences(db))
                if differences and write:
                    figure.mend(db)
            _print(figure, differences, is_mended=write)
            left += 0 if write else len(differences)
            bar.advance(task)
    raise typer.Exit(1 if left else 0)


@contextmanager
def _long(database: Database) -> Iterator[Session]:
    """Yield a transaction of the owner whose statements may take long."""
    with database.as_owner() as db:
        db.execute(text("set local statement_timeout = 0"))
        yield db


def _print(figure: KeptFigure, differences: list[Difference], *, is_mended: bool) -> None:
    title = t(f"figure.{figure.name}")
    if not differences:
        typer.echo(f"✓ {title}")
        return
    key = "cli.recount.mended" if is_mended else "cli.recount.differs"
    typer.echo(f"{'✓' if is_mended else '✗'} {title} : {t(key, n=len(differences))}")
    for one in differences[:SHOWN]:
        values = {"subject": one.subject, "kept": one.kept or "–", "computed": one.computed or "–"}
        typer.echo(
            "    " + t("cli.recount.difference" if one.kept or one.computed else "cli.recount.subject", **values)
        )
    if len(differences) > SHOWN:
        typer.echo("    " + t("cli.recount.more", n=len(differences) - SHOWN))
