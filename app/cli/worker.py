"""Background work, durable through pgqueuer: its tables live in the schema ``queue``.

Today it sweeps ended sign-ins every hour and checks the progress projection every night. A job that
dies with its process is taken up again by another worker.
"""

import asyncio
import logging
import os
import signal
import threading

import psycopg
from pgqueuer import PgQueuer
from pgqueuer.db import PsycopgDriver
from pgqueuer.models import Schedule
from pgqueuer.queries import Queries
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.db import Database
from app.main import open_database
from app.progress.service import mismatches

KEPT_DAYS = 30
log = logging.getLogger("escouade.worker")


def sweep_sign_ins(database: Database) -> int:
    """Forget sign-ins that ended a month ago; returns how many."""
    with database.engine.begin() as owner:
        gone = owner.execute(
            text("delete from sign_in where coalesce(ended_at, expires_at) < now() - make_interval(days => :days)"),
            {"days": KEPT_DAYS},
        )
    return gone.rowcount


def check_progress(database: Database) -> list[int]:
    """Enrolments whose stored progress is not what their facts give; logged as errors."""
    with database.as_owner() as session:
        wrong = mismatches(session)
    if wrong:
        log.error("progress differs from the facts for enrolments %s", wrong)
    return wrong


async def run_worker(url: str) -> None:
    """Run until cancelled, or told to stop by a signal; installs or upgrades the queue's tables first."""
    os.environ["PGQUEUER_SCHEMA"] = "queue"
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    database = open_database(url, pool_size=2)
    try:
        async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as connection:
            await prepare(connection)
            queue = PgQueuer.from_psycopg_connection(connection)
            register(queue, database)
            stop_on_signals(queue)
            await queue.run()
    finally:
        database.dispose()


def stop_on_signals(queue: PgQueuer) -> None:
    """Finish what is under way and return, on SIGTERM and Ctrl+C; beside the web application, that one decides."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, queue.shutdown.set)


async def prepare(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    """The queue's tables, made or brought up to date: by one worker, while those that start with it wait."""
    queries = Queries(PsycopgDriver(connection))
    await connection.execute("select pg_advisory_lock(hashtext('escouade queue'))")
    try:
        if await queries.schema_is_installed():
            await queries.upgrade()
        else:
            await queries.install()
    finally:
        await connection.execute("select pg_advisory_unlock(hashtext('escouade queue'))")


def register(queue: PgQueuer, database: Database) -> None:
    """What is done, and when (times are UTC)."""

    @queue.schedule("sweep_sign_ins", "7 * * * *")
    async def sweep(_: Schedule) -> None:
        log.info("%d ended sign-ins forgotten", sweep_sign_ins(database))

    @queue.schedule("check_progress", "17 8 * * *")
    async def check(_: Schedule) -> None:
        check_progress(database)
