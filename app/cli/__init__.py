"""``escouade``: the command line. A command's module is imported when the command or its help is run.

Help is in French, from the catalogue.
"""

import logging
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from app import __version__
from app.platform.messages.i18n import t
from app.platform.observability import logs

COMMANDS = {
    "init": "init:init",
    "serve": "serve:serve",
    "worker": "worker:worker",
    "migrate": "migrate:migrate",
    "backup": "recovery.backup:backup",
    "restore": "recovery.restore:restore",
    "upgrade": "recovery.upgrade:upgrade",
    "doctor": "doctor:doctor",
    "recount": "recount:recount",
    "accounts": "accounts:app",
    "audit": "audit:app",
    "certificates": "certificates:app",
    "demo": "demo:app",
    "files": "files:app",
    "keys": "keys:app",
    "curricula": "curricula:app",
}
"""Commands in the order of the help: the module of that name, and its function, or ``app`` for a group."""


class CommandsOnDemand(TyperGroup):
    """The commands of :data:`COMMANDS`: listing them imports none."""

    is_listing = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - Typer does not export the types of its contexts
        """Return their names."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperGroup | TyperCommand | None:  # noqa: ANN401
        """Return a command, its module imported; while all commands are listed, only its name and help."""
        if cmd_name not in COMMANDS:
            return None
        words = t(f"cli.{cmd_name}.help")
        if self.is_listing:
            return TyperCommand(cmd_name, help=words)
        module, _, name = COMMANDS[cmd_name].partition(":")
        target = getattr(import_module(f"{__name__}.{module}"), name)
        if isinstance(target, typer.Typer):
            command: TyperGroup | TyperCommand = typer.main.get_group(target)
        else:
            single = typer.Typer(add_completion=False)
            single.command(cmd_name)(target)
            command = typer.main.get_command(single)  # type: ignore[assignment]
        command.name, command.help = cmd_name, words
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the help of the command line."""
        self.is_listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self.is_listing = False


app = typer.Typer(
    cls=CommandsOnDemand,
    no_args_is_help=True,
    help=t("cli.help"),
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"Escouade {__version__}")
        raise typer.Exit


@app.callback()
def version(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help=t("cli.version"))
    ] = False,
) -> None:
    """Declare the options of the program itself: ``--version``."""


def main() -> None:
    """Run the command line."""
    command = next((word for word in sys.argv[1:2] if word in COMMANDS), "cli")
    logs.configure(command, "text", logging.WARNING)  # ``serve`` and ``worker`` choose again
    report_failures(app)


def report_failures(run: Callable[[], object]) -> None:
    """Run something; what went wrong is printed in one or a few lines, never as a traceback of ours."""
    try:
        run()
    except Exception as error:
        from app.cli.failures import failure_lines  # noqa: PLC0415 - it imports SQLAlchemy: only on failure

        lines = failure_lines(error)
        if lines is None:
            raise
        for line in lines:
            typer.echo(line, err=True)
        sys.exit(1)
