"""``escouade serve``: the web application, with the worker in the same process for the embedded database."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer
import uvicorn
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from app.cli.worker import run_background_work
from app.demo.load import accounts_of, load_if_empty
from app.deployment import deployment, load_keyring, open_database
from app.main import create_app
from app.platform.config import Settings, settings
from app.platform.database.transaction import Addresses
from app.platform.messages.i18n import t
from app.platform.observability import logs
from app.platform.security.keyring import KeyPurpose

BACKLOG_SECONDS = 10
log = logging.getLogger("escouade.worker")


def serve(
    port: Annotated[int, typer.Option(envvar="PORT", help=t("cli.serve.port"), min=1, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help=t("cli.serve.host"))] = "127.0.0.1",
    workers: Annotated[int, typer.Option(help=t("cli.serve.workers"), min=1, max=64)] = 1,
    alone: Annotated[bool, typer.Option("--alone", help=t("cli.serve.alone"))] = False,
) -> None:
    """Serve the web application; with the embedded database the worker runs in the same process, unless ``--alone``."""
    chosen = _at_port(settings(), port)
    logs.configure("serve", chosen.log_format)
    _check_address_is_free(host, port)
    with ExitStack() as stack:
        database = stack.enter_context(deployment(chosen))
        if chosen.environment == "demo":
            load_if_empty(database, chosen)
        _hand_on(database.addresses)
        os.environ["ESCOUADE_BASE_URL"] = chosen.base_url
        settings.cache_clear()  # cached before the address was known; this process may serve, or run the worker
        if chosen.database_url is None and not alone:
            stack.enter_context(_worker_thread(database.addresses))
        typer.echo(t("cli.serve.ready", url=chosen.base_url))
        uvicorn.run(
            "app.cli.serve:application",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            http="httptools",
            server_header=False,
            proxy_headers=False,  # by default they are believed from this machine; ours are settings.trusted_proxies
            log_config=None,  # its loggers write where ours do
            access_log=False,  # requests have a line of their own, without what they asked for
            timeout_graceful_shutdown=BACKLOG_SECONDS,
        )


def _check_address_is_free(host: str, port: int) -> None:
    """Exit at once when the address cannot be bound, rather than after minutes of loading."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        typer.echo(f"{host}:{port} : {str(error.strerror).split(' (')[0]}", err=True)
        raise typer.Exit(1) from None


@contextmanager
def _worker_thread(addresses: Addresses) -> Iterator[None]:
    """Run the worker in a thread of its own; it is cancelled before the database is closed."""

    async def work() -> None:
        try:
            await run_background_work(addresses)
        except Exception:
            log.exception("the worker stopped")

    with start_blocking_portal() as portal:
        task = portal.start_task_soon(work)
        try:
            yield
        finally:
            task.cancel()


def _hand_on(addresses: Addresses) -> None:
    """Tell the server processes where the database is, as requests reach it: they never learn the owner's address."""
    os.environ["ESCOUADE_SERVED_URL"] = addresses.url
    os.environ.pop("ESCOUADE_DATABASE_OWNER_URL", None)


def _at_port(chosen: Settings, port: int) -> Settings:
    """Return the settings with the default address at ``port``; a ``base_url`` that was set stays."""
    if "base_url" in chosen.model_fields_set:
        return chosen
    return chosen.model_copy(update={"base_url": f"http://127.0.0.1:{port}"})


def application() -> FastAPI:
    """Return the application of a server process, over the database that its parent process opened."""
    chosen = settings()
    logs.configure("web", chosen.log_format)
    keyring = load_keyring(chosen)
    addresses = Addresses(os.environ["ESCOUADE_SERVED_URL"], claim_key=keyring.derived(KeyPurpose.CLAIMS))
    database = open_database(addresses, pool_size=chosen.pool_size)
    app = create_app(chosen, database, keyring)
    if chosen.environment == "demo":
        with database.transaction() as db:
            app.state.demo_accounts = accounts_of(db)
    return app
