"""Background work, durable through pgqueuer: its tables live in the schema ``queue``.

Today it sends letters and seals the audit record every minute, sweeps what has ended (sign-ins, wrong tries, letters)
every hour, and checks the progress projection and the record's chain every night. A job that dies with its process is
taken up again by another worker.
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

from app.cli.deployment import keyring
from app.config import settings
from app.db import Database
from app.idempotency import KEPT_HOURS
from app.mail import deliver
from app.main import open_database
from app.progress.service import mismatches
from app.sealing import Verdict, seal, verify

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


def sweep_answers(database: Database) -> int:
    """Forget the answers kept under idempotency keys after their day; returns how many."""
    with database.engine.begin() as owner:
        gone = owner.execute(
            text("delete from idempotent_request where created_at < now() - make_interval(hours => :hours)"),
            {"hours": KEPT_HOURS},
        )
    return gone.rowcount


def sweep_attempts(database: Database) -> int:
    """Forget wrong tries after a day: no window is so long; returns how many."""
    with database.engine.begin() as owner:
        gone = owner.execute(text("delete from attempt where at < now() - interval '1 day'"))
    return gone.rowcount


def sweep_letters(database: Database) -> int:
    """Forget letters a month after they left or were given up; returns how many."""
    with database.engine.begin() as owner:
        gone = owner.execute(
            text("delete from letter where body = '' and due_at < now() - make_interval(days => :days)"),
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


def seal_record(database: Database) -> int:
    """Seal what was recorded since the last time, under the key that is current now; returns how many entries."""
    with database.as_owner() as session:
        return seal(session, keyring(settings()))


def check_record(database: Database) -> Verdict:
    """Read the whole chain; what is wrong is logged as an error, and its end as an anchor that the log keeps."""
    ring = keyring(settings())
    with database.as_owner() as session:
        seal(session, ring, whole=True)
    with database.as_owner() as session:
        verdict = verify(session, ring)
    if verdict.breaks:
        log.error("the audit chain is broken: %s", verdict.breaks[:20])
    log.info("audit anchor %s", verdict.anchor)
    return verdict


async def run_worker(url: str) -> None:
    """Run until cancelled, or told to stop by a signal; installs or upgrades the queue's tables first."""
    os.environ["PGQUEUER_SCHEMA"] = "queue"
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    database = open_database(url, pool_size=2)
    database.origin = "worker"
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
        log.info("%d answers under idempotency keys forgotten", sweep_answers(database))
        log.info("%d wrong tries forgotten", sweep_attempts(database))
        log.info("%d letters forgotten", sweep_letters(database))

    @queue.schedule("deliver_letters", "* * * * *")
    async def send(_: Schedule) -> None:
        await asyncio.to_thread(deliver, database, settings())  # a slow mail server holds nothing else up

    @queue.schedule("check_progress", "17 8 * * *")
    async def check(_: Schedule) -> None:
        check_progress(database)

    @queue.schedule("seal_record", "* * * * *")
    async def seal_entries(_: Schedule) -> None:
        seal_record(database)

    @queue.schedule("check_record", "37 8 * * *")
    async def check_chain(_: Schedule) -> None:
        check_record(database)
