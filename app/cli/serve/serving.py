"""What a generation of ``escouade serve`` runs: web workers, and the job worker with the embedded database.

The deployment is prepared in a process of its own, which ends: what it took of memory is given back, and only it knows
the address of the tables' owner.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import typer
import uvicorn
from fastapi import FastAPI
from sqlalchemy.orm import configure_mappers

from app.demo.load import accounts_of, load_if_empty
from app.deployment import deployment, load_keyring, open_database
from app.main import create_app
from app.platform.config import Settings, settings
from app.platform.database.embedded import install_signal_handlers, running_server
from app.platform.database.login_role import login_url
from app.platform.database.transaction import Addresses
from app.platform.messages.i18n import t
from app.platform.observability import logs
from app.platform.processes.generation import CRASHED, Generation, Program
from app.platform.processes.shares import Shares
from app.platform.processes.web_worker import WebWorker
from app.platform.security.keyring import KeyPurpose
from app.platform.web.incoming.slow import timed_protocol

DRAIN_SECONDS = 10
"""How long a request under way may take once its worker is told to stop."""
HUNG_SECONDS = 60.0
"""A worker whose event loop has not run for so long is killed, and started again."""

Background: TypeAlias = Callable[[Addresses], Coroutine[Any, Any, None]]
Report: TypeAlias = Callable[[Callable[[], object]], None]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command, and the file descriptors that the supervisor passes."""

    port: int
    workers: int
    alone: bool
    listener: int
    lifeline: int
    ready: int
    secret: int
    is_reload: bool


def run(options: Options, background: Background, report: Report) -> int:
    """Prepare the deployment, then run its programs until told to stop; return the exit status.

    ``background`` runs the jobs; ``report`` prints why what it runs has failed.
    """
    chosen = settings_at_port(options.port)
    logs.configure("serve", chosen.log_format)
    listener = socket.socket(fileno=options.listener)
    install_signal_handlers()
    with ExitStack() as stack:
        server = None
        if chosen.database_url is None:
            server = stack.enter_context(running_server(chosen.data_dir / "postgresql"))
            addresses = Addresses(login_url(server.url), server.url)
        else:
            addresses = Addresses(chosen.database_url, is_pooled=chosen.database_pooler)
        _prepare(options, chosen, report)
        keyring = load_keyring(chosen)
        addresses = replace(addresses, claim_key=keyring.derived(KeyPurpose.CLAIMS))
        site = application(chosen, addresses)
        asyncio.run(warm_up(site))
        shares = Shares(options.workers)
        programs = [_web(site, listener, shares, position) for position in range(options.workers)]
        if server is not None and not options.alone:
            programs.append(Program("job worker", partial(_work, background, addresses)))
        announce = partial(_announce, options, chosen)
        keep_up = server.keep_running if server is not None else None
        return Generation(programs, listener, options.lifeline, announce=announce, keep_up=keep_up).run()


def settings_at_port(port: int) -> Settings:
    """Return the settings with the default address at ``port``, also for this process's children.

    A ``base_url`` that was set stays.
    """
    chosen = settings()
    if "base_url" not in chosen.model_fields_set:
        os.environ["ESCOUADE_BASE_URL"] = f"http://127.0.0.1:{port}"
        settings.cache_clear()  # cached before the address was known
    return settings()


def application(chosen: Settings, addresses: Addresses) -> FastAPI:
    """Return the application of the web workers; it reaches the database as requests do, never as the owner."""
    database = open_database(replace(addresses, owner_url=None), chosen=chosen)
    return create_app(chosen, database, load_keyring(chosen))


async def warm_up(site: FastAPI) -> None:
    """Prepare what the first requests would: the tables' classes and the routes, once, before the workers are forked.

    Each worker would otherwise do it in copies of what the others share: 17 MB each for the classes.
    """
    configure_mappers()
    chosen: Settings = site.state.settings
    host = urlsplit(chosen.base_url).netloc.encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/health/live",
        "raw_path": b"/health/live", "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(b"host", host)], "client": ("127.0.0.1", 0), "server": None, "state": {},
    }  # fmt: skip

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: object) -> None:
        pass

    await site(scope, receive, send)


def server_config(site: FastAPI) -> uvicorn.Config:
    """Return the configuration of uvicorn."""
    return uvicorn.Config(
        site,
        http=timed_protocol(site.state.settings.slow_client_seconds),
        ws="none",
        server_header=False,
        proxy_headers=False,  # by default they are believed from this machine; ours are settings.trusted_proxies
        log_config=None,  # its loggers write where ours do
        access_log=False,  # requests have a line of their own, without what they asked for
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _prepare(options: Options, chosen: Settings, report: Report) -> None:
    """Check and prepare the deployment in a process that ends; exit with its status when it fails."""
    child = os.fork()
    if not child:
        status = CRASHED
        try:
            _take_owner_address(options.secret)
            report(partial(_open_once, settings()))
            status = 0
        except SystemExit as ending:
            status = ending.code if isinstance(ending.code, int) else CRASHED
        finally:
            os._exit(status)
    os.close(options.secret)
    try:
        _, ended = os.waitpid(child, 0)
    except BaseException:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
        raise
    if status := os.waitstatus_to_exitcode(ended):
        raise SystemExit(max(status, 1))


def _take_owner_address(secret: int) -> None:
    with os.fdopen(secret, encoding="utf-8") as pipe:
        address = pipe.read()
    if address:
        os.environ["ESCOUADE_DATABASE_OWNER_URL"] = address
        settings.cache_clear()


def _open_once(chosen: Settings) -> None:
    with deployment(chosen) as database:
        if chosen.environment == "demo":
            load_if_empty(database, chosen)


def _web(site: FastAPI, listener: socket.socket, shares: Shares, position: int) -> Program:
    """Return the program of one web worker."""

    def serve(ready: Callable[[], None]) -> int:
        logs.configure("web", site.state.settings.log_format)
        if site.state.settings.environment == "demo":
            with site.state.database.transaction() as db:
                site.state.demo_accounts = accounts_of(db)
        return WebWorker(server_config(site), listener, shares, position, ready).serve_until_told()

    return Program(
        f"web worker {position + 1}",
        serve,
        is_hung=lambda: shares.silence(position) > HUNG_SECONDS,
        ended=partial(shares.leave, position),
    )


def _work(background: Background, addresses: Addresses, ready: Callable[[], None]) -> int:
    """Run the jobs until told to stop."""

    logs.configure("worker", settings().log_format)

    async def work() -> None:
        task = asyncio.ensure_future(background(addresses))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        ready()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(work())
    return 0


def _announce(options: Options, chosen: Settings) -> None:
    """Tell the supervisor, and at the first start whoever reads the terminal, that the service answers."""
    if not options.is_reload:
        typer.echo(t("cli.serve.ready", url=chosen.base_url))
    with suppress(OSError):
        os.write(options.ready, b"1")
        os.close(options.ready)
