"""``escouade worker``: the background jobs of all features."""

import asyncio
import signal
from contextlib import suppress
from dataclasses import replace

import typer

from app.curricula.publishing.service import following
from app.deployment import deployment, load_keyring, open_database
from app.features import JOBS
from app.platform.config import settings
from app.platform.database.time_limits import JOB_STEP
from app.platform.database.transaction import Addresses, Database
from app.platform.jobs.engine import POOL_SIZE, run_worker
from app.platform.jobs.job import JobContext
from app.platform.messages.i18n import t
from app.platform.observability import logs


def worker() -> None:
    """Run background jobs until a signal stops the process."""
    chosen = settings()
    logs.configure("worker", chosen.log_format)
    with deployment(chosen) as database:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        typer.echo(t("cli.worker.ready"))
        with suppress(KeyboardInterrupt):
            owner_url = chosen.database_jobs_url or database.addresses.owner_url
            asyncio.run(run_background_work(replace(database.addresses, owner_url=owner_url)))


def open_for_jobs(addresses: Addresses) -> Database:
    """Return the database with as many connections, and as much time for each step, as jobs need."""
    database = open_database(addresses, pool_size=POOL_SIZE, limits=JOB_STEP)
    database.origin = "worker"
    return database


async def run_background_work(addresses: Addresses) -> None:
    """Run the jobs of all features until cancelled or stopped by a signal; those under way are finished first."""
    database = open_for_jobs(addresses)
    chosen = settings()
    try:
        with following(database):
            await run_worker(JobContext(database, chosen, lambda: load_keyring(chosen)), JOBS)
    finally:
        database.dispose()
