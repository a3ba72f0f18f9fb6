"""The scheduler of background jobs, durable through pgqueuer, whose tables are in the schema ``queue``.

A job that dies with its process is run again by another worker.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg
from pgqueuer import PgQueuer
from pgqueuer.db import PsycopgDriver
from pgqueuer.models import Schedule
from pgqueuer.queries import Queries
from sqlalchemy.engine import make_url

from app.platform.jobs.job import Job, JobContext, Loop


async def run_worker(context: JobContext, jobs: Iterable[Job], loops: Iterable[Loop]) -> None:
    """Install or upgrade the queue's tables, then run jobs and loops until cancelled or stopped by a signal."""
    os.environ["PGQUEUER_SCHEMA"] = "queue"
    url = context.database.engine.url.render_as_string(hide_password=False)
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as connection:
        await prepare(connection)
        queue = PgQueuer.from_psycopg_connection(connection)
        for job in jobs:
            schedule(queue, job, context)
        stop_on_signals(queue)
        with loop_threads(loops, context):
            await queue.run()


def schedule(queue: PgQueuer, job: Job, context: JobContext) -> None:
    """Schedule a job; it runs in a thread, so that a slow one does not block the others."""

    @queue.schedule(job.name, job.cron)
    async def run(_: Schedule) -> None:
        await asyncio.to_thread(job.run, context)


@contextmanager
def loop_threads(loops: Iterable[Loop], context: JobContext) -> Iterator[None]:
    """Run each loop in a thread of its own; on leaving, wait until each has finished its work under way."""
    stop = threading.Event()
    threads = [threading.Thread(target=loop.run, args=(context, stop), name=loop.name) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def stop_on_signals(queue: PgQueuer) -> None:
    """Shut the queue down on SIGTERM and Ctrl+C, once running jobs end; in a thread, the main program handles them."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, queue.shutdown.set)


async def prepare(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    """Install or upgrade the queue's tables, under an advisory lock: workers that start together take turns."""
    queries = Queries(PsycopgDriver(connection))
    await connection.execute("select pg_advisory_lock(hashtext('escouade queue'))")
    try:
        if await queries.schema_is_installed():
            await queries.upgrade()
        else:
            await queries.install()
    finally:
        await connection.execute("select pg_advisory_unlock(hashtext('escouade queue'))")
