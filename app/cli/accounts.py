"""``escouade accounts``: accounts from a CSV file; a lost second factor removed."""

import csv
import io
import os
import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlmodel import col, select

from app.cli.failures import stop, validation_messages
from app.cohorts.models import Cohort
from app.deployment import deployment
from app.identity.account.rules import normal_email, password_reasons
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account, person_by_email
from app.identity.roles.service import grant_role
from app.identity.second_factor.service import remove_as_operator
from app.network.models import College, Project
from app.platform.config import settings
from app.platform.database.session import Session, set_actor
from app.platform.errors import DomainError
from app.platform.messages.i18n import explain, explain_error, t
from app.platform.security.permissions import Role

app = typer.Typer(no_args_is_help=True)
EXTRA_CELLS = "\0"
"""Key under which ``csv`` puts the cells that have no column."""
COLUMNS = ("courriel", "prenom", "nom", "role", "college", "cohorte", "nom_usuel", "mot_de_passe")
REQUIRED = COLUMNS[:4]
NAMES = {
    "legal_first_name": "prenom",
    "legal_last_name": "nom",
    "chosen_name": "nom_usuel",
    "email": "courriel",
    "password": "mot_de_passe",
}
"""The CSV column that fills each field of :class:`NewAccount`."""


class RolledBack(Exception):
    """Ends the import's transaction without keeping anything: a dry run, or rows in error."""


@app.command("forget-second-factor", help=t("cli.accounts.forget.help"))
def forget_second_factor(email: Annotated[str, typer.Argument(help=t("cli.accounts.forget.email"))]) -> None:
    """Remove the second factor of an account whose owner lost it, once the operator has verified their identity."""
    with deployment(settings()) as database, database.transaction() as db:
        removed = remove_as_operator(db, email)
    typer.echo(t("cli.accounts.forget.done" if removed else "cli.accounts.forget.none", email=email))


# Import -----------------------------------------------------------------------------------------


@dataclass
class Row:
    """A line of the file, its errors and the password generated for it."""

    line: int
    values: dict[str, str]
    errors: list[str]
    password: str | None = None


@app.command("import", help=t("cli.accounts.import.help"))
def import_people(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=t("cli.accounts.import.file"))],
    dry_run: Annotated[bool, typer.Option("--dry-run", help=t("cli.accounts.import.dry_run"))] = False,
    passwords: Annotated[Path | None, typer.Option(help=t("cli.accounts.import.passwords"))] = None,
) -> None:
    """Import all rows, or none; a dry run does the same work, then rolls back."""
    rows = read_rows(file)
    passwords_file = passwords or file.with_suffix(".passwords.csv")
    with deployment(settings()) as database, suppress(RolledBack), database.transaction() as db:
        import_rows(db, rows)
        if dry_run or any(row.errors for row in rows):
            raise RolledBack
        created = [row for row in rows if row.password]
        if created:
            write_passwords(passwords_file, created)
    report(rows, dry_run=dry_run)
    if any(row.errors for row in rows):
        raise typer.Exit(1)


def read_rows(file: Path) -> list[Row]:
    """Return the rows of a UTF-8 CSV, comma or semicolon; a wrong encoding or header is an error of the first line."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return [Row(1, {}, [t("cli.accounts.import.encoding")])]
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey=EXTRA_CELLS)
    header = [h.strip().lower() for h in reader.fieldnames or ()]
    reader.fieldnames = header
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown:
        params = {"missing": ", ".join(missing) or "-", "unknown": ", ".join(unknown) or "-"}
        return [Row(1, {}, [t("cli.accounts.import.header", **params)])]
    return [_row(reader.line_num, values) for values in reader]


def _row(line: int, values: dict[str, str | list[str]]) -> Row:
    """Return a row as read; an extra cell is an error: a value holds the separator, so that all columns are shifted."""
    errors = [t("cli.accounts.import.cells")] if values.pop(EXTRA_CELLS, None) else []
    return Row(line, {k: unicodedata.normalize("NFC", str(v or "")).strip() for k, v in values.items()}, errors)


def import_rows(db: Session, rows: list[Row]) -> None:
    """Create the account and roles of each row, in a savepoint of its own; errors are added to their row."""
    college_ids = dict(db.exec(select(College.slug, College.id)).all())
    set_actor(db, colleges=[i for i in college_ids.values() if i is not None], person=None)
    for row in track(rows, description=t("cli.accounts.import.progress"), console=Console(stderr=True), transient=True):
        if row.errors:
            continue
        try:
            with db.begin_nested():
                _import_row(db, row, college_ids)
        except DomainError as error:
            row.errors.extend([explain(r) for r in error.reasons] or [explain_error(error)])
        except ValidationError as error:
            row.errors.extend(validation_messages(error, NAMES))


def _import_row(db: Session, row: Row, college_ids: Mapping[str, int]) -> None:
    value = row.values
    role_name = value["role"].casefold()
    role = next((r for r in Role if role_name in {r.value, t(f"role.{r.value}").casefold()}), None)
    college_id = college_ids.get(value.get("college", ""))
    if role is None:
        row.errors.append(t("cli.accounts.import.role", role=value["role"]))
    if role not in {None, Role.ADMIN, Role.OBSERVER} and college_id is None:
        row.errors.append(t("cli.accounts.import.college", college=value.get("college", "")))
    if role is Role.OBSERVER and db.exec(select(Project.id)).first() is None:
        row.errors.append(t("cli.accounts.import.project"))
    cohort_id = _cohort_id(db, college_id, value.get("cohorte", ""), row)
    if role is Role.PARTICIPANT and cohort_id is not None:
        row.errors.append(t("cli.accounts.import.enrolment"))
    person_id = person_by_email(db, normal_email(value["courriel"]))
    if person_id is not None and value.get("mot_de_passe"):
        row.errors.append(t("cli.accounts.import.known"))
    if row.errors or role is None:
        return
    if person_id is None:
        password = value.get("mot_de_passe", "")
        row.password = None if password else secrets.token_urlsafe(15)
        command = NewAccount(
            legal_first_name=value["prenom"],
            legal_last_name=value["nom"],
            chosen_name=value.get("nom_usuel") or None,
            email=value["courriel"],
            password=password or row.password,
        )
        if reasons := password_reasons(password or str(row.password), email=command.email):
            row.errors.extend(explain(r) for r in reasons)
            return
        person_id = add_account(db, command)
    _grant(db, person_id, role, college_id, cohort_id)


def _cohort_id(db: Session, college_id: int | None, code: str, row: Row) -> int | None:
    """Return the id of the college's cohort with this code; a code that no cohort has is an error of the row."""
    if not code or college_id is None:
        return None
    cohort_id = db.exec(select(Cohort.id).where(Cohort.college_id == college_id, Cohort.code == code)).first()
    if cohort_id is None:
        row.errors.append(t("cli.accounts.import.cohort", cohort=code))
    return cohort_id


def _grant(db: Session, person_id: int, role: Role, college_id: int | None, cohort_id: int | None) -> None:
    if role is Role.ADMIN:
        grant_role(db, person_id, role)
    elif role is Role.OBSERVER:
        for project_id in db.exec(select(Project.id).order_by(col(Project.id))).all():
            grant_role(db, person_id, role, project_id=project_id)
    elif role is not Role.PARTICIPANT:
        grant_role(db, person_id, role, college_id=college_id, cohort_id=cohort_id)


def report(rows: list[Row], *, dry_run: bool) -> None:
    """Print a table of the rows in error, then one line of summary."""
    failed = [row for row in rows if row.errors]
    if failed:
        table = Table(t("cli.accounts.import.line"), t("cli.accounts.import.who"), t("cli.accounts.import.error"))
        for row in failed:
            table.add_row(str(row.line), row.values.get("courriel", ""), "\n".join(row.errors))
        Console(stderr=True, markup=False, highlight=False).print(table)
    key = "refused" if failed else "dry" if dry_run else "done"
    typer.echo(t(f"cli.accounts.import.{key}", n=len(failed) if failed else len(rows)), err=bool(failed))


def write_passwords(file: Path, rows: list[Row]) -> None:
    """Write the generated passwords to a new file that only its owner may read (mode 0600).

    It is written before the accounts are committed: when it cannot be written, nothing is imported. An existing
    file is refused: it may hold the only copy of other passwords, or be readable by others.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        stop(t("cli.accounts.import.passwords_refused", file=file, detail=error.strerror))
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("courriel", "mot_de_passe"))
        writer.writerows(_lines(rows))
    typer.echo(t("cli.accounts.import.passwords_written", file=file, n=len(rows)))


def _lines(rows: list[Row]) -> Iterator[tuple[str, str | None]]:
    return ((row.values["courriel"], row.password) for row in rows)
