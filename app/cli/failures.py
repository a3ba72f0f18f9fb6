"""The messages of expected errors, printed on standard error without a traceback."""

from collections.abc import Mapping
from typing import NoReturn

import psycopg
import typer
from pydantic import ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.platform.config import Settings, settings
from app.platform.database.connections import answer_of, refused_role
from app.platform.database.embedded import EmbeddedError
from app.platform.errors import DomainError, Reason
from app.platform.messages.i18n import explain, explain_error, has_message, t


def failure_lines(error: Exception) -> list[str] | None:
    """Return the lines to print for an expected error; ``None`` for a bug, whose traceback is needed."""
    if isinstance(error, DomainError):
        return [explain_error(error), *(f"  - {explain(reason)}" for reason in error.reasons)]
    if isinstance(error, EmbeddedError):
        return [t(error.code, **error.params)]
    if isinstance(error, OperationalError | psycopg.OperationalError):
        return [unreachable(error)]
    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return validation_messages(error, {field: f"ESCOUADE_{field.upper()}" for field in Settings.model_fields})
    return None


def unreachable(error: OperationalError | psycopg.OperationalError) -> str:
    """Return the message for a database that cannot be reached, with what the server or the driver says."""
    role, detail = refused_role(error), answer_of(error)
    if role is None:
        return t("cli.unreachable", detail=detail)
    owner_url = settings().database_owner_url
    if owner_url is not None and make_url(owner_url).username == role:
        return explain(Reason("owner_refused", {"role": role, "detail": detail}))
    return explain(Reason("database_refused", {"role": role, "detail": detail}))


def stop(*lines: str) -> NoReturn:
    """Print the lines on standard error and exit with status 1."""
    for line in lines:
        typer.echo(f"  - {line}" if len(lines) > 1 else line, err=True)
    raise typer.Exit(1)


def validation_messages(error: ValidationError, names: Mapping[str, str]) -> list[str]:
    """Return one line per field that pydantic refused; ``names`` are the displayed names of the fields."""
    lines = []
    for detail in error.errors():
        limits = {k: v for k, v in detail.get("ctx", {}).items() if isinstance(v, str | int | float)}
        # pydantic counts the characters of a secret as it does the items of a list
        kind = "string_too_short" if limits.get("field_type") == "Value" else detail["type"]
        code = kind if has_message(f"reason.{kind}") else "value_error"
        field = ".".join(str(part) for part in detail["loc"])
        lines.append(t("cli.wrong_value", name=names.get(field, field), problem=explain(Reason(code, limits))))
    return lines
