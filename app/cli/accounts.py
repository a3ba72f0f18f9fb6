"""``escouade accounts``: people invited from a sheet; a link printed without mail; a lost second factor removed."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli.failures import stop
from app.deployment import deployment
from app.identity.imports.records import ABOUT_ROW, WINDOWS, Problem
from app.identity.imports.rules import CONFIRMABLE, CheckedRow, Outcome, Report, addresses, check
from app.identity.imports.service import invite_rows, known_of
from app.identity.imports.sheet import read_sheet
from app.identity.invitations.operator import print_link
from app.identity.second_factor.service import remove_as_operator
from app.platform.config import Settings, settings
from app.platform.database.session import Session
from app.platform.documents.spreadsheets import Flavour, csv_file
from app.platform.messages.i18n import explain, t

app = typer.Typer(no_args_is_help=True)


@app.command("forget-second-factor", help=t("cli.accounts.forget.help"))
def forget_second_factor(email: Annotated[str, typer.Argument(help=t("cli.accounts.forget.email"))]) -> None:
    """Remove the second factor of an account whose owner lost it, once the operator has verified their identity."""
    with deployment(settings()) as database, database.transaction() as db:
        removed = remove_as_operator(db, email)
    typer.echo(t("cli.accounts.forget.done" if removed else "cli.accounts.forget.none", email=email))


@app.command("link", help=t("cli.accounts.link.help"))
def link(email: Annotated[str, typer.Argument(help=t("cli.accounts.link.email"))]) -> None:
    """Print the link of an invitation that waits, where no mail leaves the machine; it is recorded."""
    chosen = settings()
    _require_closed_network(chosen)
    with deployment(chosen) as database, database.as_owner() as db:
        address = print_link(db, email, site=chosen.base_url)
    typer.echo(address)


def _require_closed_network(chosen: Settings) -> None:
    """Stop unless the operator declared a network without mail: elsewhere only the invited person reads a link."""
    if not chosen.prints_links:
        stop(t("cli.accounts.link.letters"))


# Import -----------------------------------------------------------------------------------------


@app.command("import", help=t("cli.accounts.import.help"))
def import_people(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=t("cli.accounts.import.file"))],
    dry_run: Annotated[bool, typer.Option("--dry-run", help=t("cli.accounts.import.dry_run"))] = False,
    confirm: Annotated[list[str] | None, typer.Option(help=t("cli.accounts.import.confirm"))] = None,
    links: Annotated[Path | None, typer.Option(help=t("cli.accounts.import.links"))] = None,
) -> None:
    """Invite the people of all rows, or of none; a dry run says what it would do."""
    chosen = settings()
    if links is not None:
        _require_closed_network(chosen)
    sheet = read_sheet(file.read_bytes())
    with deployment(chosen) as database, database.as_owner() as db:
        report = check(sheet, known_of(db, addresses(sheet)), confirmed=confirm or ())
        if not dry_run and not report.problems:
            invited = invite_rows(db, report, letter_from=chosen.base_url if links is None else None)
            if links is not None and invited:
                _write_links(db, links, invited, site=chosen.base_url)
    if sheet.encoding == WINDOWS:
        typer.echo(t("cli.accounts.import.windows"), err=True)
    _print_report(report, dry_run=dry_run)
    if report.problems:
        raise typer.Exit(1)


def _print_report(report: Report, *, dry_run: bool) -> None:
    """Print all there is to correct, or what is done with each row, then a line of summary."""
    if report.problems:
        _print_problems(report.problems)
        if any(problem.reason.code in CONFIRMABLE for problem in report.problems):
            typer.echo(t("cli.accounts.import.how_to_confirm"), err=True)
        n = len({problem.row for problem in report.problems})
        typer.echo(t("cli.accounts.import.refused", n=n), err=True)
        return
    if dry_run or any(row.account_name for row in report.rows):
        _print_rows(report.rows)
    n = len({row.invitee.email for row in report.rows if row.places})
    typer.echo(t("cli.accounts.import.dry" if dry_run else "cli.accounts.import.done", n=n))
    unchanged = len([row for row in report.rows if not row.places])
    if unchanged:
        typer.echo(t("cli.accounts.import.unchanged", n=unchanged))


def _print_problems(problems: Iterable[Problem]) -> None:
    table = Table(t("cli.accounts.import.row"), t("cli.accounts.import.column"), t("cli.accounts.import.error"))
    for problem in problems:
        column = problem.reason.field or ""
        table.add_row(str(problem.row), "" if column == ABOUT_ROW else column, explain(problem.reason))
    Console(stderr=True, markup=False, highlight=False).print(table)


def _print_rows(rows: Iterable[CheckedRow]) -> None:
    table = Table(t("cli.accounts.import.row"), t("cli.accounts.import.who"), t("cli.accounts.import.outcome"))
    for row in rows:
        outcome = t(f"import.outcome.{row.outcome.value}")
        if row.account_name is not None and row.outcome in {Outcome.INVITED_ACCOUNT, Outcome.HELD, Outcome.WAITING}:
            outcome = f"{t('import.account', name=row.account_name)} {outcome}"
        table.add_row(str(row.row), row.invitee.email, outcome)
    Console(stderr=True, markup=False, highlight=False).print(table)


def _write_links(db: Session, file: Path, emails: Iterable[str], *, site: str) -> None:
    """Write the links to a new file for a French spreadsheet that only its owner may read (mode 0600).

    It is written before the invitations are committed: when it cannot be written, nobody is invited. An existing file
    is refused: others may read it, or it holds the only copy of other links.
    """
    content = csv_file(
        (t("cli.accounts.import.who"), t("cli.accounts.import.link")),
        [(email, print_link(db, email, site=site)) for email in emails],
        Flavour.EXCEL,
    )
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        stop(t("cli.accounts.import.links_refused", file=file, detail=error.strerror))
    with os.fdopen(handle, "wb") as out:
        out.write(content)
    typer.echo(t("cli.accounts.import.links_written", file=file))
