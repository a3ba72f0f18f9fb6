"""Starting for real: the first college and administrator, then accounts from a CSV file."""

import csv
import io
import os
import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlmodel import col, select

from app.cohorts.models import Cohort
from app.deployment import deployment, load_keyring
from app.identity.account.rules import normal_email, password_reasons
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account, person_by_email
from app.identity.roles.service import grant_role
from app.identity.second_factor.service import forget
from app.network import service as network
from app.network.models import College, Project
from app.network.schemas import NewCollege
from app.platform.config import settings
from app.platform.database.session import Session, set_actor
from app.platform.errors import DomainError, Reason
from app.platform.messages.i18n import explain, explain_error, known, t
from app.platform.security.permissions import Role

app = typer.Typer(no_args_is_help=True)
Asked = TypeVar("Asked", NewCollege, NewAccount)
BEYOND = "\0"
"""Where cells without a column go."""
COLUMNS = ("courriel", "prenom", "nom", "role", "college", "cohorte", "nom_usuel", "mot_de_passe")
REQUIRED = COLUMNS[:4]
NAMES = {
    "legal_first_name": "prenom",
    "legal_last_name": "nom",
    "chosen_name": "nom_usuel",
    "email": "courriel",
    "password": "mot_de_passe",
}
"""Columns by the field they fill."""


class Refused(Exception):
    """Rows cannot all be imported: nothing is."""


def init(  # noqa: PLR0917 - the command's options, asked one after the other
    college: Annotated[str, typer.Option(prompt=t("cli.init.college"), help=t("cli.init.college"))],
    slug: Annotated[str, typer.Option(prompt=t("cli.init.slug"), help=t("cli.init.slug"))],
    city: Annotated[str, typer.Option(prompt=t("cli.init.city"), help=t("cli.init.city"))],
    region: Annotated[str, typer.Option(prompt=t("cli.init.region"), help=t("cli.init.region"))],
    prefix: Annotated[str, typer.Option(prompt=t("cli.init.prefix"), help=t("cli.init.prefix"))],
    first_name: Annotated[str, typer.Option(prompt=t("cli.init.first_name"), help=t("cli.init.first_name"))],
    last_name: Annotated[str, typer.Option(prompt=t("cli.init.last_name"), help=t("cli.init.last_name"))],
    email: Annotated[str, typer.Option(prompt=t("cli.init.email"), help=t("cli.init.email"))],
    password: Annotated[
        str,
        typer.Option(
            prompt=t("cli.init.password"),
            hide_input=True,
            confirmation_prompt=t("cli.init.password_again"),
            envvar="ESCOUADE_FIRST_PASSWORD",
            help=t("cli.init.password"),
        ),
    ],
) -> None:
    """Open the first college with its administrator, who is also its coordinator and registrar."""
    chosen = settings()
    with deployment(chosen, migrate=True) as database:
        load_keyring(chosen)  # the first administrator will need it to seal their second factor
        with database.transaction() as db:
            if db.exec(select(College.id)).first() is not None:
                typer.echo(t("cli.init.already"), err=True)
                raise typer.Exit(1)
            wrong: list[str] = []
            place = _made(
                NewCollege, wrong, name=college, slug=slug, city=city, region_code=region, number_prefix=prefix
            )
            person = _made(
                NewAccount,
                wrong,
                legal_first_name=first_name,
                legal_last_name=last_name,
                email=email,
                password=password,
            )
            if place is None or person is None:
                _stop(*wrong)
            college_id = network.open_college(db, place).id
            person_id = add_account(db, person)
            set_actor(db, colleges=[college_id], person=None)
            grant_role(db, person_id, Role.ADMIN)
            grant_role(db, person_id, Role.COORDINATOR, college_id=college_id)
            grant_role(db, person_id, Role.REGISTRAR, college_id=college_id)
        typer.echo(t("cli.init.done", college=college, email=email))


def _asked() -> dict[str, str]:
    """What ``init`` asks, by the field it fills."""
    return {
        "name": t("cli.init.college"),
        "slug": t("cli.init.slug"),
        "city": t("cli.init.city"),
        "region_code": t("cli.init.region"),
        "number_prefix": t("cli.init.prefix"),
        "legal_first_name": t("cli.init.first_name"),
        "legal_last_name": t("cli.init.last_name"),
        "email": t("cli.init.email"),
        "password": t("cli.init.password"),
    }


def _made(kind: type[Asked], wrong: list[str], **answers: str) -> Asked | None:
    """What the answers make; what is wrong with them is added to ``wrong``."""
    try:
        return kind(**answers)
    except ValidationError as error:
        wrong.extend(in_words(error, _asked()))
        return None


def _stop(*lines: str) -> NoReturn:
    """Say why, on the error output, and leave with status 1."""
    for line in lines:
        typer.echo(f"  - {line}" if len(lines) > 1 else line, err=True)
    raise typer.Exit(1)


def in_words(error: ValidationError, names: Mapping[str, str]) -> list[str]:
    """What pydantic refused, one line a field; ``names`` are those that people know the fields by."""
    lines = []
    for found in error.errors():
        kind = found["type"] if known(f"reason.{found['type']}") else "value_error"
        limits = {k: v for k, v in found.get("ctx", {}).items() if isinstance(v, str | int | float)}
        field = ".".join(str(part) for part in found["loc"])
        lines.append(t("cli.wrong_value", name=names.get(field, field), problem=explain(Reason(kind, limits))))
    return lines


@app.command("forget-second-factor", help=t("cli.accounts.forget.help"))
def forget_second_factor(email: Annotated[str, typer.Argument(help=t("cli.accounts.forget.email"))]) -> None:
    """For who lost their telephone and their recovery codes, once the operator knows that it is them."""
    with deployment(settings()) as database, database.transaction() as db:
        had = forget(db, email)
    typer.echo(t("cli.accounts.forget.done" if had else "cli.accounts.forget.none", email=email))


# Import -----------------------------------------------------------------------------------------


@dataclass
class Row:
    """A line of the file and what came of it."""

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
    """Import all rows, or none: a dry run does all the work and keeps nothing."""
    rows = read_rows(file)
    handed = passwords or file.with_suffix(".passwords.csv")
    with deployment(settings()) as database, suppress(Refused), database.transaction() as db:
        import_rows(db, rows)
        if dry_run or any(row.errors for row in rows):
            raise Refused
        fresh = [row for row in rows if row.password]
        if fresh:
            write_passwords(handed, fresh)
    report(rows, dry_run=dry_run)
    if any(row.errors for row in rows):
        raise typer.Exit(1)


def read_rows(file: Path) -> list[Row]:
    """The rows of a UTF-8 CSV, comma or semicolon; a wrong encoding or header is the first line's error."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return [Row(1, {}, [t("cli.accounts.import.encoding")])]
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey=BEYOND)
    header = [h.strip().lower() for h in reader.fieldnames or ()]
    reader.fieldnames = header
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown:
        params = {"missing": ", ".join(missing) or "-", "unknown": ", ".join(unknown) or "-"}
        return [Row(1, {}, [t("cli.accounts.import.header", **params)])]
    return [_row(reader.line_num, values) for values in reader]


def _row(line: int, values: dict[str, str | list[str]]) -> Row:
    """A row as it was read: one cell too many means that a name holds the separator, and everything has moved."""
    errors = [t("cli.accounts.import.cells")] if values.pop(BEYOND, None) else []
    return Row(line, {k: unicodedata.normalize("NFC", str(v or "")).strip() for k, v in values.items()}, errors)


def import_rows(db: Session, rows: list[Row]) -> None:
    """Make what each row asks; its errors stay with it, and the others go on."""
    places = dict(db.exec(select(College.slug, College.id)).all())
    set_actor(db, colleges=[i for i in places.values() if i is not None], person=None)
    for row in track(rows, description=t("cli.accounts.import.progress"), console=Console(stderr=True), transient=True):
        if row.errors:
            continue
        try:
            with db.begin_nested():
                _import_row(db, row, places)
        except DomainError as error:
            row.errors.extend([explain(r) for r in error.reasons] or [explain_error(error)])
        except ValidationError as error:
            row.errors.extend(in_words(error, NAMES))


def _import_row(db: Session, row: Row, places: Mapping[str, int]) -> None:
    value = row.values
    said = value["role"].casefold()
    role = next((r for r in Role if said in {r.value, t(f"role.{r.value}").casefold()}), None)
    college_id = places.get(value.get("college", ""))
    if role is None:
        row.errors.append(t("cli.accounts.import.role", role=value["role"]))
    if role not in {None, Role.ADMIN, Role.OBSERVER} and college_id is None:
        row.errors.append(t("cli.accounts.import.college", college=value.get("college", "")))
    if role is Role.OBSERVER and db.exec(select(Project.id)).first() is None:
        row.errors.append(t("cli.accounts.import.project"))
    cohort_id = _cohort(db, college_id, value.get("cohorte", ""), row)
    if role is Role.PARTICIPANT and cohort_id is not None:
        row.errors.append(t("cli.accounts.import.enrolment"))
    person_id = person_by_email(db, normal_email(value["courriel"]))
    if person_id is not None and value.get("mot_de_passe"):
        row.errors.append(t("cli.accounts.import.known"))
    if row.errors or role is None:
        return
    if person_id is None:
        chosen = value.get("mot_de_passe", "")
        row.password = None if chosen else secrets.token_urlsafe(15)
        command = NewAccount(
            legal_first_name=value["prenom"],
            legal_last_name=value["nom"],
            chosen_name=value.get("nom_usuel") or None,
            email=value["courriel"],
            password=chosen or row.password,
        )
        if reasons := password_reasons(chosen or str(row.password), email=command.email):
            row.errors.extend(explain(r) for r in reasons)
            return
        person_id = add_account(db, command)
    _give(db, person_id, role, college_id, cohort_id)


def _cohort(db: Session, college_id: int | None, code: str, row: Row) -> int | None:
    if not code or college_id is None:
        return None
    found = db.exec(select(Cohort.id).where(Cohort.college_id == college_id, Cohort.code == code)).first()
    if found is None:
        row.errors.append(t("cli.accounts.import.cohort", cohort=code))
    return found


def _give(db: Session, person_id: int, role: Role, college_id: int | None, cohort_id: int | None) -> None:
    if role is Role.ADMIN:
        grant_role(db, person_id, role)
    elif role is Role.OBSERVER:
        for project_id in db.exec(select(Project.id).order_by(col(Project.id))).all():
            grant_role(db, person_id, role, project_id=project_id)
    elif role is not Role.PARTICIPANT:
        grant_role(db, person_id, role, college_id=college_id, cohort_id=cohort_id)


def report(rows: list[Row], *, dry_run: bool) -> None:
    """A table of the rows in error, then one line."""
    wrong = [row for row in rows if row.errors]
    if wrong:
        table = Table(t("cli.accounts.import.line"), t("cli.accounts.import.who"), t("cli.accounts.import.error"))
        for row in wrong:
            table.add_row(str(row.line), row.values.get("courriel", ""), "\n".join(row.errors))
        Console(stderr=True, markup=False, highlight=False).print(table)
    key = "refused" if wrong else "dry" if dry_run else "done"
    typer.echo(t(f"cli.accounts.import.{key}", n=len(wrong) if wrong else len(rows)), err=bool(wrong))


def write_passwords(file: Path, rows: list[Row]) -> None:
    """First passwords, in a file only its owner may read: hand them over, then destroy it.

    Written before the accounts are kept: what cannot be written keeps nothing. A file that is there already may
    hold the only copy of other passwords, or be open to others: it is refused.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        _stop(t("cli.accounts.import.passwords_refused", file=file, detail=error.strerror))
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("courriel", "mot_de_passe"))
        writer.writerows(_lines(rows))
    typer.echo(t("cli.accounts.import.passwords_written", file=file, n=len(rows)))


def _lines(rows: list[Row]) -> Iterator[tuple[str, str | None]]:
    return ((row.values["courriel"], row.password) for row in rows)
