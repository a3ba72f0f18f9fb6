"""Serving: the web application, the worker beside it or on its own, and migrations."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Annotated

import typer
import uvicorn
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from app.cli.worker import run_worker
from app.demo.load import accounts_of, load_if_empty
from app.deployment import deployment, load_keyring, open_database, server_url, upgrade
from app.main import create_app
from app.platform.config import Settings, settings
from app.platform.messages.i18n import t

BACKLOG_SECONDS = 10
log = logging.getLogger("escouade.worker")


def serve(
    port: Annotated[int, typer.Option(envvar="PORT", help=t("cli.serve.port"), min=1, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help=t("cli.serve.host"))] = "127.0.0.1",
    workers: Annotated[int, typer.Option(help=t("cli.serve.workers"), min=1, max=64)] = 1,
    alone: Annotated[bool, typer.Option("--alone", help=t("cli.serve.alone"))] = False,
) -> None:
    """Serve the web application; with the embedded server or ``demo``, the worker runs beside it."""
    chosen = _at_port(settings(), port)
    _refuse_taken(host, port)
    with ExitStack() as stack:
        database = stack.enter_context(deployment(chosen))
        if chosen.environment == "demo":
            load_if_empty(database, chosen)
        url = database.engine.url.render_as_string(hide_password=False)
        os.environ["ESCOUADE_SERVED_URL"] = url
        os.environ["ESCOUADE_BASE_URL"] = chosen.base_url
        settings.cache_clear()  # read before the address was known; this process may serve, or have the worker in it
        if chosen.database_url is None and not alone:
            stack.enter_context(_worker_beside(url))
        typer.echo(t("cli.serve.ready", url=chosen.base_url))
        uvicorn.run(
            "app.cli.serve:application",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            http="httptools",
            server_header=False,
            log_level="warning",
            timeout_graceful_shutdown=BACKLOG_SECONDS,
        )


def _refuse_taken(host: str, port: int) -> None:
    """Stop now if the address cannot be had, not after minutes of loading."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        typer.echo(f"{host}:{port} : {str(error.strerror).split(' (')[0]}", err=True)
        raise typer.Exit(1) from None


@contextmanager
def _worker_beside(url: str) -> Iterator[None]:
    """The worker in a thread of its own, sent away before its database is."""

    async def work() -> None:
        try:
            await run_worker(url)
        except Exception:
            log.exception("the worker stopped")

    with start_blocking_portal() as portal:
        working = portal.start_task_soon(work)
        try:
            yield
        finally:
            working.cancel()


def _at_port(chosen: Settings, port: int) -> Settings:
    """The default address follows ``--port``; one that was set does not."""
    if "base_url" in chosen.model_fields_set:
        return chosen
    return chosen.model_copy(update={"base_url": f"http://127.0.0.1:{port}"})


def application() -> FastAPI:
    """The application of a serving process, over the database that its parent opened."""
    chosen = settings()
    database = open_database(os.environ["ESCOUADE_SERVED_URL"], pool_size=chosen.pool_size)
    app = create_app(chosen, database, load_keyring(chosen))
    if chosen.environment == "demo":
        with database.transaction() as db:
            app.state.demo_accounts = accounts_of(db)
    return app


def worker() -> None:
    """Do the background work until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with deployment(settings()) as database:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        typer.echo(t("cli.worker.ready"))
        with suppress(KeyboardInterrupt):
            asyncio.run(run_worker(database.engine.url.render_as_string(hide_password=False)))


def migrate(
    revision: Annotated[str, typer.Argument(help=t("cli.migrate.revision"))] = "head",
) -> None:
    """Bring the tables up, as their owner."""
    with server_url(settings()) as url:
        upgrade(url, revision)
    typer.echo(t("cli.migrate.done"))
