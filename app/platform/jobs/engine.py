"""The engine: runs jobs on as many workers and machines as are started (docs/decisions/0022).

procrastinate fetches, schedules and retries. What it leaves to its users is here: a worker outlasts the database's
restarts (``connector.py``), the jobs of a worker that died are taken back by the others, a schedule's time runs once.
"""

import asyncio
import logging
import os
import platform
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from uuid import UUID, uuid4

import anyio
from procrastinate import App, BaseRetryStrategy, RetryDecision
from procrastinate import JobContext as RunningJob
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as StoredJob
from procrastinate.worker import Worker

from app import __version__
from app.platform.errors import StorageAway, StorageFull, is_storage_full
from app.platform.jobs.connector import LastingConnector
from app.platform.jobs.job import SWEEP_CRON, AnyJob, Job, JobContext, Queue, RowJob
from app.platform.jobs.queue import claim_period, count_failure, end_period, is_connection_lost, sweep

CONCURRENCY = {Queue.LETTERS: 2, Queue.UPKEEP: 2, Queue.DOCUMENTS: os.cpu_count() or 1}
"""Jobs that one worker runs at once, by queue."""
POOL_SIZE = sum(CONCURRENCY.values()) + 1
"""Database connections that the jobs of one worker need."""
POLL_SECONDS = 1.0
BEAT_SECONDS = 2.0
SILENT_SECONDS = 8.0
"""Seconds without a sign of life after which the jobs of a worker are taken back."""
RECENT_SECONDS = 60.0
"""Seconds for which a silent worker is still reported by a worker that has just started."""
LATEST_PERIOD = 86_400
"""Seconds for which a time of a schedule is made up for; of several that were missed, the last one runs."""
MOST_FAILURES = 10
"""Failures, or lost workers, after which a job is left to whoever operates the service: a quarter of an hour."""
LONGEST_DELAY = 300
LONGEST_DELAY_AWAY = 5
"""Seconds between two tries of a job while the database or the store of files is away or full, which never end."""

_BEAT = """
    with beat as (
      insert into worker (id, name, host, pid, version, parts)
      values (%(id)s, %(name)s, %(host)s, %(pid)s, %(version)s, %(parts)s)
      on conflict (id) do update set seen_at = now(), parts = excluded.parts
    ), lost as (
      select j.id from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id
       where j.status = 'doing' and case when j.worker_id = any(%(parts)s::bigint[])
         then j.id <> all(%(running)s::bigint[]) and now() - interval '5 s' > (
           select max(e.at) from procrastinate_events e where e.job_id = j.id and e.type = 'started')
         else w.id is null or w.last_heartbeat < now() - make_interval(secs => %(silent)s) end
         for update of j skip locked
    ), crash as (
      insert into failure (job_id, crashes, error) select id, 1, 'worker lost' from lost
      on conflict (job_id) do update set crashes = failure.crashes + 1, error = excluded.error, at = now()
      returning job_id, crashes
    ), taken as (
      update procrastinate_jobs j
         set status = case when crashes >= %(most)s then 'failed' else 'todo' end::procrastinate_job_status,
             attempts = attempts + 1, worker_id = null, scheduled_at = null
        from crash where crash.job_id = j.id
      returning format('job %%s[%%s] of a lost worker: %%s', j.task_name, j.id, j.status) as message
    )
    select null as worker, message from taken
    union all
    select id::text, format('the worker %%s (process %%s on %%s) gives no sign of life', name, pid, host) from worker
     where id <> %(id)s and id::text <> all(%(reported)s::text[])
       and seen_at between now() - make_interval(secs => %(recent)s) and now() - make_interval(secs => %(silent)s)
"""
_LEAVE = "delete from worker where id = %(id)s"
log = logging.getLogger("escouade.worker")


class Outage(Exception):
    """Raised when a job could not be done as the database or the store of files was away or full: it is tried again."""


class JobFailed(Exception):
    """Raised when a job failed by itself; ``failures`` is how often it has so far."""

    def __init__(self, failures: int) -> None:
        super().__init__(f"failed {failures} times")
        self.failures = failures


class BackOff(BaseRetryStrategy):
    """When a failed job is tried again: after 2, 4, 8… seconds."""

    def get_retry_decision(self, *, exception: BaseException, job: StoredJob) -> RetryDecision | None:
        """Return when a job is tried again, or ``None`` once it has failed too often."""
        if isinstance(exception, JobFailed):
            if exception.failures >= MOST_FAILURES:
                return None
            return RetryDecision(retry_in={"seconds": min(2**exception.failures, LONGEST_DELAY)})
        return RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts, 10), LONGEST_DELAY_AWAY)})


async def run_worker(context: JobContext, jobs: Iterable[AnyJob]) -> None:
    """Run jobs until cancelled or stopped by a signal; those under way are finished first."""
    engine = Engine(context, jobs)
    running = asyncio.create_task(engine.run())
    with stop_on_signals(engine.stop):
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            engine.stop()
            with anyio.CancelScope(shield=True):
                await running
            raise


class Engine:
    """One process that runs jobs: a worker of the library for each queue, and the signs of life of all."""

    def __init__(self, context: JobContext, jobs: Iterable[AnyJob]) -> None:
        self.context = context
        self.connector = LastingConnector(context.database.engine)
        self.app = App(connector=self.connector, periodic_defaults={"max_delay": LATEST_PERIOD})
        self.workers: dict[Queue, Worker] = {}
        self.id: UUID = uuid4()
        self.is_stopping = False
        for job in jobs:
            self._register(job)

    def stop(self) -> None:
        """Take no more jobs; :meth:`run` returns once those under way have ended."""
        self.is_stopping = self.connector.is_stopping = True
        for worker in self.workers.values():
            worker.stop()  # type: ignore[no-untyped-call]

    async def run(self) -> None:
        """Run jobs until stopped."""
        for library in ("procrastinate", "psycopg.pool"):  # a line for each job, for each try to connect
            logging.getLogger(library).setLevel(logging.ERROR)
        threads = ThreadPoolExecutor(sum(CONCURRENCY.values()), thread_name_prefix="job")
        asyncio.get_running_loop().set_default_executor(threads)  # the library runs jobs in it
        await self.connector.open_async()
        beating = asyncio.create_task(self._beat())
        try:
            await asyncio.gather(*(self._work(queue) for queue in Queue))
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
            with suppress(ConnectorException):
                await self.connector.execute_query_async(_LEAVE, id=self.id)
            await self.connector.close_async()
            threads.shutdown(wait=False)
            self.context.close()

    async def _work(self, queue: Queue) -> None:
        """Run the jobs of a queue; a worker that ends for another reason than being stopped is replaced."""
        while not self.is_stopping:
            worker = self.workers[queue] = Worker(
                self.app,
                queues=[queue.value],
                name=queue.value,
                concurrency=CONCURRENCY[queue],
                fetch_job_polling_interval=POLL_SECONDS,
                listen_notify=False,  # a connection more for each queue, to save half a second
                delete_jobs="successful",
                install_signal_handlers=False,
                update_heartbeat_interval=BEAT_SECONDS,
                stalled_worker_timeout=60.0,
            )
            try:
                await worker.run()  # type: ignore[no-untyped-call]
            except Exception:
                if not self.is_stopping:
                    log.exception("the queue %s stopped; it goes on", queue.value)
            if not self.is_stopping:
                await asyncio.sleep(0.5)

    async def _beat(self) -> None:
        """Show that this process is alive; report those that no longer are, and take back their jobs."""
        values = {
            "id": self.id,
            "name": self.context.database.origin,
            "host": platform.node(),
            "pid": os.getpid(),
            "version": __version__,
            "silent": SILENT_SECONDS,
            "recent": RECENT_SECONDS,
            "most": MOST_FAILURES,
        }
        reported: list[str] = []
        while True:
            parts = [worker.worker_id for worker in self.workers.values() if worker.worker_id is not None]
            running = [
                job.job.id
                for worker in self.workers.values()
                for job in worker._running_jobs.values()  # no public name; the library's version is pinned
            ]
            try:
                lost = await self.connector.execute_query_all_async(
                    _BEAT, **values, parts=parts, running=running, reported=reported
                )
            except ConnectorException:
                if not self.is_stopping:
                    log.exception("no sign of life could be given")
            else:
                for row in lost:
                    log.warning(row["message"])
                    reported += [row["worker"]] if row["worker"] else []
            await asyncio.sleep(BEAT_SECONDS)

    def _register(self, job: AnyJob) -> None:
        """Let the library run a job, and the sweep of the rows whose job was lost."""
        if isinstance(job, RowJob):
            task = self.app.task(
                name=job.name, queue=job.queue.value, priority=job.priority, pass_context=True, retry=BackOff()
            )
            task(partial(self._run_on_row, job))
            job = Job(job.sweep_name, SWEEP_CRON, partial(_sweep, job))
        scheduled = self.app.task(name=job.name, queue=Queue.UPKEEP.value, pass_context=True, retry=BackOff())
        self.app.periodic(cron=job.cron)(scheduled(partial(self._run_at_time, job)))

    def _run_on_row(self, job: RowJob, running: RunningJob, id: int) -> None:  # noqa: A002 - its name in the queue
        with self._counting_failures(running):
            job.run(self.context, id)

    def _run_at_time(self, job: Job, running: RunningJob, timestamp: int) -> None:
        with self._counting_failures(running):
            if claim_period(self.context.database, job.name, timestamp, running.job.id):
                job.run(self.context)
                end_period(self.context.database, job.name, timestamp)

    @contextmanager
    def _counting_failures(self, running: RunningJob) -> Iterator[None]:
        """Count the failures of a job, but for those of a database or a store of files that was away or full."""
        try:
            yield
        except Exception as error:
            if is_connection_lost(error) or isinstance(error, StorageAway | StorageFull) or is_storage_full(error):
                raise Outage from error
            try:
                failures = count_failure(self.context.database, running.job.id, error)
            except Exception as away:
                raise Outage from away
            log.exception("job %s failed (%d)", running.job.call_string, failures)
            raise JobFailed(failures) from error


def _sweep(job: RowJob, context: JobContext) -> None:
    if lost := sweep(context, job):
        log.warning("%d rows without their job %s: enqueued", lost, job.name)


@contextmanager
def stop_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Stop on SIGTERM and Ctrl+C, at once on the second; in another thread, the main program handles them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def handle(number: int) -> None:
        if received:
            os._exit(128 + number)  # the threads of jobs cannot be interrupted: another worker does their work
        received.append(number)
        log.info("stopping once the jobs under way have ended")
        stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, handle, number)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
