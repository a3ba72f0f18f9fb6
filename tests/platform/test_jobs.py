"""Background jobs: enqueued with their transaction, run once, tried again, taken back from workers that are lost."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as StoredJob
from sqlalchemy import text

from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.jobs import engine
from app.platform.jobs.connector import LastingConnector
from app.platform.jobs.engine import MOST_FAILURES, BackOff, JobFailed, Outage
from app.platform.jobs.job import Job, JobContext, Queue, RowJob
from app.platform.jobs.queue import claim_period, enqueue, purge, sweep
from app.platform.jobs.status import failed_jobs, jobs_status, retry_failed
from tests.factories.engine import running_engine, statuses, tamper
from tests.factories.network import World
from tests.factories.waiting import wait_until


@dataclass
class Ran:
    """The ids that a job was run with, and the rows that are pending."""

    ids: list[int] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)

    def job(self, run: Callable[[int], None] = lambda _: None, queue: Queue = Queue.DOCUMENTS) -> RowJob:
        """Return a job that notes its ids, then calls ``run``."""

        def noted(_: JobContext, id_: int) -> None:
            self.ids.append(id_)
            run(id_)

        return RowJob("trial", noted, lambda _: list(self.pending), queue)


def add(database: Database, job: RowJob, *ids: int) -> None:
    with database.transaction() as db:
        enqueue(db, job, ids)


# Enqueueing --------------------------------------------------------------------------------------


def test_rollback_takes_the_job_with_the_row(database: Database, world: World) -> None:
    job = Ran().job()
    with suppress(LookupError), database.transaction(colleges=[world.alma]) as db:
        enqueue(db, job, [1, 2])
        raise LookupError
    assert statuses(database, "trial") == []
    add(database, job, 1, 2)
    assert statuses(database, "trial") == ["todo", "todo"]
    with database.engine.connect() as owner:
        arguments = owner.execute(text("select args from queue.procrastinate_jobs order by id")).scalars().all()
    assert arguments == [{"id": 1}, {"id": 2}]


def test_jobs_enqueued_by_a_request_run_and_leave_the_queue(database: Database, settings: Settings) -> None:
    ran = Ran()
    job = ran.job()
    add(database, job, 1, 2, 3)
    with running_engine(database, settings, job):
        wait_until(lambda: statuses(database, "trial") == [])
    assert sorted(ran.ids) == [1, 2, 3]


def test_sweep_enqueues_rows_whose_job_was_lost_and_no_other(database: Database, settings: Settings) -> None:
    ran = Ran(pending=[1, 2, 3])
    job = ran.job()
    context = JobContext(database, settings, lambda: pytest.fail("no key is needed"))
    add(database, job, 2, 3)
    tamper(database, "update procrastinate_jobs set status = 'failed' where args->>'id' = '3'")
    assert sweep(context, job) == 1
    assert sweep(context, job) == 0
    assert statuses(database, "trial") == ["todo", "failed", "todo"]


def test_long_job_of_one_queue_does_not_delay_another(database: Database, settings: Settings) -> None:
    ran, letters, released = Ran(), Ran(), threading.Event()
    bulk = ran.job(lambda _: None if released.wait(60) else pytest.fail("the letter waited"))
    letter = RowJob("quick", lambda _, id_: letters.ids.append(id_), lambda _: (), Queue.LETTERS)
    add(database, bulk, *range(20))
    with running_engine(database, settings, bulk, letter):
        wait_until(lambda: ran.ids)
        add(database, letter, 1)
        wait_until(lambda: letters.ids)
        released.set()
        wait_until(lambda: statuses(database, "trial") == [])


# Failures ----------------------------------------------------------------------------------------


def test_job_that_always_fails_ends_failed_and_is_shown_until_retried(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MOST_FAILURES", 2)
    ran, is_poison = Ran(), [True]

    def run(_: int) -> None:
        if is_poison:
            raise ValueError("what a person wrote")

    job = ran.job(run)
    add(database, job, 7)
    with running_engine(database, settings, job):
        wait_until(lambda: statuses(database, "trial") == ["failed"])
        with database.transaction() as db:
            [failed] = failed_jobs(db)
            assert (failed.name, failed.row_id, failed.attempts, failed.error) == ("trial", 7, 2, "ValueError")
            assert failed.at is not None
            assert [kind.failed for kind in jobs_status(db, [job]).kinds] == [1, 0]
        is_poison.clear()
        with database.transaction() as db:
            assert retry_failed(db, failed.id)
            assert not retry_failed(db, failed.id)
        wait_until(lambda: statuses(database, "trial") == [])
    assert ran.ids == [7, 7, 7]


def test_job_is_tried_until_the_database_is_back() -> None:
    stored = StoredJob(queue="letters", lock=None, queueing_lock=None, task_name="trial", attempts=500)
    decision = BackOff().get_retry_decision(exception=Outage(), job=stored)
    assert decision is not None
    assert decision.retry_at is not None
    assert decision.retry_at <= now() + timedelta(seconds=6)
    assert BackOff().get_retry_decision(exception=JobFailed(MOST_FAILURES - 1), job=stored) is not None
    assert BackOff().get_retry_decision(exception=JobFailed(MOST_FAILURES), job=stored) is None


def test_job_whose_connection_was_lost_has_not_failed(database: Database, settings: Settings) -> None:
    ran, failures = Ran(), []

    def run(_: int) -> None:
        with database.engine.begin() as owner:
            failures.append(owner.execute(text("select count(*) from queue.failure")).scalar_one())
            if len(ran.ids) == 1:
                owner.execute(text("select pg_terminate_backend(pg_backend_pid())"))

    job = ran.job(run)
    add(database, job, 1)
    with running_engine(database, settings, job):
        wait_until(lambda: statuses(database, "trial") == [])
    assert (ran.ids, failures) == ([1, 1], [0, 0])


@pytest.mark.parametrize("is_stopping", [False, True])
def test_statement_whose_connection_was_lost_is_tried_again_unless_the_worker_stops(
    database: Database, is_stopping: bool
) -> None:
    asleep = text("select pid from pg_stat_activity where query like '%slowly%' and wait_event = 'PgSleep'")

    async def work(connector: LastingConnector) -> object:
        await connector.open_async()
        statement = asyncio.create_task(connector.execute_query_one_async("select 1 as slowly, pg_sleep(0.5)"))
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
            while (pid := owner.execute(asleep).scalar_one_or_none()) is None:
                await asyncio.sleep(0.01)
            connector.is_stopping = is_stopping
            owner.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
        try:
            return (await statement)["slowly"]
        except ConnectorException:
            return "lost"
        finally:
            await connector.close_async()

    assert asyncio.run(work(LastingConnector(database.engine))) == ("lost" if is_stopping else 1)


def test_lost_connections_leave_no_job_undone_or_failed(database: Database, settings: Settings) -> None:
    """The engine's connections, and those of its jobs in the middle of their work."""
    ran, ended = Ran(), []

    def run(id_: int) -> None:
        with database.engine.begin() as owner:
            owner.execute(text("select pg_sleep(0.02)"))
        ended.append(id_)

    job = ran.job(run)
    add(database, job, *range(40))
    terminate = text(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    with running_engine(database, settings, job):
        for reached in (5, 15, 25):
            wait_until(lambda reached=reached: len(ended) >= reached)  # type: ignore[misc]
            with database.engine.connect() as owner:
                owner.execute(terminate)
        wait_until(lambda: statuses(database, "trial") == [])
    assert set(ended) == set(range(40))


# Schedules ---------------------------------------------------------------------------------------


def test_time_of_a_schedule_that_is_enqueued_twice_runs_once(database: Database) -> None:
    assert claim_period(database, "nightly", 1_800_000_000, 11)
    assert not claim_period(database, "nightly", 1_800_000_000, 12)
    assert claim_period(database, "nightly", 1_800_000_000, 11)  # the same job, taken back from a lost worker
    assert claim_period(database, "nightly", 1_800_000_060, 12)


def test_schedule_runs_its_last_time_only_after_an_outage_and_says_when(database: Database, settings: Settings) -> None:
    ran: list[int] = []
    job = Job("hourly", "7 * * * *", lambda _: ran.append(1))
    for _ in range(2):  # the second worker finds that the time has run
        with running_engine(database, settings, job), database.engine.connect() as owner:
            ended = text("select count(*) from queue.period where ended_at is not null")
            wait_until(lambda owner=owner, ended=ended: owner.execute(ended).scalar_one())  # type: ignore[misc]
    assert ran == [1]
    with database.transaction() as db:
        [kind] = jobs_status(db, [job]).kinds
    assert (kind.name, kind.cron, kind.waiting, kind.failed) == ("hourly", "7 * * * *", 0, 0)
    assert kind.last_run_at is not None


# Workers -----------------------------------------------------------------------------------------


def test_job_of_a_silent_worker_is_run_by_another(database: Database, settings: Settings) -> None:
    ran = Ran()
    job = ran.job()
    add(database, job, 5)
    tamper(
        database,
        "insert into procrastinate_workers (last_heartbeat) values (now() - interval '9 s')",
        "update procrastinate_jobs set status = 'doing', worker_id = (select max(id) from procrastinate_workers)",
    )
    with running_engine(database, settings, job):
        wait_until(lambda: ran.ids == [5])


def test_worker_that_vanished_is_reported_once_and_one_that_left_long_ago_is_not(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a job in its hands, nothing else of it would stand in the log."""
    for pid, seconds in ((4001, 30), (4002, 3600)):
        tamper(
            database,
            "insert into worker (id, name, host, pid, version, seen_at) values"
            " (gen_random_uuid(), 'escouade:worker', 'machine', :pid, '1', now() - make_interval(secs => :seconds))",
            pid=pid,
            seconds=seconds,
        )

    def last_beat() -> datetime:
        with database.engine.connect() as owner:
            beat: datetime = owner.execute(text("select max(seen_at) from queue.worker")).scalar_one()
        return beat

    with running_engine(database, settings):
        wait_until(lambda: "gives no sign of life" in caplog.text)
        first = last_beat()
        wait_until(lambda: last_beat() > first)
    lost = [message for message in caplog.messages if "gives no sign of life" in message]
    assert lost == ["the worker escouade:worker (process 4001 on machine) gives no sign of life"]


def test_job_that_its_workers_never_survive_ends_failed(database: Database, settings: Settings) -> None:
    ran = Ran()
    job = ran.job()
    add(database, job, 5)
    tamper(
        database,
        "update procrastinate_jobs set status = 'doing', worker_id = null",
        "insert into failure (job_id, crashes, error) select id, :crashes, '' from procrastinate_jobs",
        crashes=MOST_FAILURES - 1,
    )
    with running_engine(database, settings, job):
        wait_until(lambda: statuses(database, "trial") == ["failed"])
    with database.transaction() as db:
        assert [failed.error for failed in failed_jobs(db)] == ["worker lost"]
    assert ran.ids == []


def test_status_shows_workers_with_what_they_run_and_what_is_due(database: Database, settings: Settings) -> None:
    ran, released = Ran(), threading.Event()
    job = ran.job(lambda _: None if released.wait(60) else pytest.fail("never released"))
    add(database, job, *range(30))
    with running_engine(database, settings, job) as running:
        wait_until(lambda: ran.ids)

        def is_shown() -> bool:
            with database.transaction() as db:
                workers = jobs_status(db, [job]).workers
            return any("trial" in worker.running for worker in workers)

        wait_until(is_shown)
        with database.transaction() as db:
            status = jobs_status(db, [job])
        kind, swept = status.kinds
        assert (kind.waiting + kind.running, swept.name) == (30, "trial_sweep")
        assert kind.due_since is not None
        assert kind.due_since <= now()
        [worker] = status.workers
        assert worker.seen_at >= worker.started_at
        assert worker.version
        released.set()
        wait_until(lambda: statuses(database, "trial") == [])
        assert running.workers
    with database.transaction() as db:
        assert jobs_status(db, [job]).workers == ()


def test_purge_deletes_old_failures_and_keeps_what_waits(database: Database) -> None:
    job = Ran().job()
    add(database, job, 1, 2, 3)
    tamper(
        database,
        "update procrastinate_jobs set status = 'failed' where args->>'id' in ('1', '2')",
        "update procrastinate_events set at = now() - interval '31 days' "
        "where job_id <> (select max(id) - 1 from procrastinate_jobs)",
    )
    purge(database)
    assert statuses(database, "trial") == ["failed", "todo"]
