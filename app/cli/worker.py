"""Background work, durable through pgqueuer: its tables live in the schema ``queue``.

Today it sends letters and seals the audit record every minute, sweeps what has ended (sign-ins, wrong tries, letters)
every hour, and checks the progress projection and the record's chain, and sweeps the files that nobody names, every
night. A job that dies with its process is taken up again by another worker.

Batches of certificates are a queue of their own, in their own tables, looked at every few seconds in a thread: what
a killed worker leaves is taken up at once, where pgqueuer waits until the job is stale.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
from pgqueuer import PgQueuer
from pgqueuer.db import PsycopgDriver
from pgqueuer.models import Schedule
from pgqueuer.queries import Queries
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.certificates.batches.jobs import BatchContext, process_pending, unfinished
from app.certificates.documents.layout import open_render_pool
from app.certificates.documents.service import DocumentStore, put_ended_away
from app.deployment import load_keyring, open_database
from app.platform.audit.data_register import file_columns
from app.platform.audit.hash_chain import ChainReport, append, verify
from app.platform.clock import now
from app.platform.config import Settings, settings
from app.platform.database.transaction import Database
from app.platform.documents.blob_store import strays, sweep
from app.platform.messages.outbox import deliver
from app.platform.web.idempotency import KEPT_HOURS
from app.progress.service import mismatches

KEPT_DAYS = 30
DAY = timedelta(days=1)
PAUSE = 2.0
"""Seconds between two looks at the batches."""
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


def sweep_files(database: Database, root: Path, *, age: timedelta = DAY) -> int:
    """Delete kept files that no row has named for a day: what a crash left between a file and its row; how many."""
    before = now() - age
    found = strays(root, before)  # before the names: what is named afterwards is younger than what was seen
    return sweep(found, named_files(database), before)


def named_files(database: Database) -> set[str]:
    """The digest of every file that a row names, in whatever form: alone, as ``<sha256>.png``, or in a record."""
    parts = (
        f"select (regexp_matches(cast({column} as text), '[0-9a-f]{{64}}', 'g'))[1] from {table}"  # noqa: S608 - our own names
        for table, column in file_columns()
    )
    with database.engine.connect() as owner:
        return set(owner.execute(text(" union ".join(parts))).scalars())


def put_away(database: Database, root: Path) -> int:
    """Documents of certificates that were replaced or revoked leave the files that are served; returns how many."""
    with database.as_owner() as db:
        return put_ended_away(db, root)


def check_progress(database: Database) -> list[int]:
    """Enrolments whose stored progress is not what their facts give; logged as errors."""
    with database.as_owner() as db:
        wrong = mismatches(db)
    if wrong:
        log.error("progress differs from the facts for enrolments %s", wrong)
    return wrong


def seal_record(database: Database) -> int:
    """Seal what was recorded since the last time, under the key that is current now; returns how many entries."""
    with database.as_owner() as db:
        return append(db, load_keyring(settings()))


def check_record(database: Database) -> ChainReport:
    """Read the whole chain; what is wrong is logged as an error, and its end as an anchor that the log keeps."""
    keyring = load_keyring(settings())
    with database.as_owner() as db:
        append(db, keyring, whole=True)
    with database.as_owner() as db:
        report = verify(db, keyring)
    if report.violations:
        log.error("the audit chain is broken: %s", report.violations[:20])
    log.info("audit anchor %s", report.anchor)
    return report


def issue_batches(database: Database, chosen: Settings, stop: threading.Event) -> None:
    """Go on with the batches that are not finished, now and every few seconds, until told to stop."""
    while not stop.is_set():
        try:
            if unfinished(database):
                shop = DocumentStore.of(chosen, load_keyring(chosen))
                with open_render_pool(shop.keys) as hands:
                    process_pending(BatchContext(database, shop, hands.printed, stop))
        except Exception:
            log.exception("batches wait for the next pass")
        stop.wait(PAUSE)


@contextmanager
def batches_beside(database: Database, chosen: Settings) -> Iterator[None]:
    """Issue in a thread of its own; at the end, what is under way is finished."""
    stop = threading.Event()
    issuing = threading.Thread(target=issue_batches, args=(database, chosen, stop), name="batches")
    issuing.start()
    try:
        yield
    finally:
        stop.set()
        issuing.join()


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
            with batches_beside(database, settings()):
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
        log.info("%d documents put away", put_away(database, settings().data_dir))

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

    @queue.schedule("sweep_files", "57 8 * * *")
    async def sweep_kept(_: Schedule) -> None:
        log.info(
            "%d files that nobody names deleted", await asyncio.to_thread(sweep_files, database, settings().data_dir)
        )
