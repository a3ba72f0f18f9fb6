"""``escouade serve``: the web application, with the job worker beside it for the embedded database.

The command becomes the supervisor of ``app/platform/processes``; what that supervises is loaded in other processes.
"""

import json
import os
import sys
from typing import Annotated

import typer

from app.cli import report_failures
from app.platform.config import settings
from app.platform.messages.i18n import t
from app.platform.processes.ports import holder_of, listen
from app.platform.processes.supervisor import become_supervisor

OWNER = "ESCOUADE_DATABASE_OWNER_URL"
"""Known to what prepares the database, and not to the processes that serve requests."""


JOBS = "ESCOUADE_DATABASE_JOBS_URL"
"""Of no use here: the worker of another database than the embedded one is a service of its own."""


def serve(
    port: Annotated[int, typer.Option(envvar="PORT", help=t("cli.serve.port"), min=1, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help=t("cli.serve.host"))] = "127.0.0.1",
    workers: Annotated[int, typer.Option(help=t("cli.serve.workers"), min=1, max=64)] = 1,
    alone: Annotated[bool, typer.Option("--alone", help=t("cli.serve.alone"))] = False,
) -> None:
    """Serve the web application; with the embedded database the job worker runs beside it, unless ``alone``."""
    try:
        listener = listen(host, port)
    except OSError as error:
        typer.echo(_why_not(host, port, error), err=True)
        raise typer.Exit(1) from None
    options = {"port": port, "workers": workers, "alone": alone}
    os.environ.pop(JOBS, None)
    log_format = settings().log_format  # a setting that is wrong is named before anything starts
    become_supervisor("app.cli.serve:generation", options, listener, secret=OWNER, log_format=log_format)


def generation() -> None:
    """Run one generation, as the supervisor starts it."""
    from app.cli.serve import serving  # noqa: PLC0415 - the whole application: not in the supervisor
    from app.cli.worker import run_background_work  # noqa: PLC0415

    options = serving.Options(**json.loads(sys.argv[1]))
    report_failures(lambda: sys.exit(serving.run(options, run_background_work, report_failures)))


def _why_not(host: str, port: int, error: OSError) -> str:
    """Return why an address cannot be taken: what holds it, where that is known."""
    holder = holder_of(port)
    if holder is not None:
        return t("cli.serve.taken", address=f"{host}:{port}", name=holder.name, pid=holder.pid)
    return f"{host}:{port} : {str(error.strerror).split(' (')[0]}"
