"""``escouade``: the command line. Each command's help is in French, from the catalogue."""

import sys
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, OperationalError

from app import __version__
from app.cli import accounts, audit, certificates, demo, doctor, keys, serve
from app.cli.curricula import app as curricula
from app.deployment import unreachable
from app.platform.config import Settings
from app.platform.database.embedded import EmbeddedError
from app.platform.errors import DomainError
from app.platform.messages.i18n import explain, explain_error, t

app = typer.Typer(no_args_is_help=True, help=t("cli.help"), add_completion=False, pretty_exceptions_enable=False)
app.command("init", help=t("cli.init.help"))(accounts.init)
app.command("serve", help=t("cli.serve.help"))(serve.serve)
app.command("worker", help=t("cli.worker.help"))(serve.worker)
app.command("migrate", help=t("cli.migrate.help"))(serve.migrate)
app.command("doctor", help=t("cli.doctor.help"))(doctor.doctor)
app.add_typer(accounts.app, name="accounts", help=t("cli.accounts.help"))
app.add_typer(audit.app, name="audit", help=t("cli.audit.help"))
app.add_typer(certificates.app, name="certificates", help=t("cli.certificates.help"))
app.add_typer(demo.app, name="demo", help=t("cli.demo.help"))
app.add_typer(keys.app, name="keys", help=t("cli.keys.help"))
app.add_typer(curricula, name="curricula", help=t("cli.curricula.help"))


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"Escouade {__version__}")
        raise typer.Exit


@app.callback()
def version(
    _: Annotated[bool, typer.Option("--version", is_eager=True, callback=_tell_version, help=t("cli.version"))] = False,
) -> None:
    """Nothing by itself: the version on request, for whoever reports a fault."""


def main() -> None:
    """Run; what went wrong is said in one or a few lines, never as a traceback of ours."""
    try:
        app()
    except DomainError as error:
        typer.echo(explain_error(error), err=True)
        for reason in error.reasons:
            typer.echo(f"  - {explain(reason)}", err=True)
        sys.exit(1)
    except EmbeddedError as error:
        typer.echo(t(error.code, **error.params), err=True)
        sys.exit(1)
    except (OperationalError, ArgumentError) as error:
        typer.echo(unreachable(error), err=True)
        sys.exit(1)
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise  # a fault of ours
        variables = {field: f"ESCOUADE_{field.upper()}" for field in Settings.model_fields}
        for line in accounts.in_words(error, variables):
            typer.echo(line, err=True)
        sys.exit(1)
