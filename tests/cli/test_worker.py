"""The worker: its jobs, the schema of its tables, and the recovery after a killed worker."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from app.cli.worker import run_background_work
from app.features import JOBS
from app.identity.account.models import Account
from app.identity.jobs import sweep_sign_ins
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.models import SignIn
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.progress.jobs import check_progress
from tests.certificates import kills
from tests.cli.conftest import url_of
from tests.factories import bulk_clone
from tests.factories.network import World

TIMEOUT = 90.0
SCHEDULES = len(JOBS)
"""What the worker does by itself, at its hours."""
OLD = timedelta(days=31)


def sign_ins(database: Database, **ends: tuple[timedelta, timedelta | None]) -> None:
    """Add sign-ins by name: how long ago each expired (negative: in the future) and was ended."""
    with database.as_owner() as db:
        account = db.execute(text("select min(id) from account")).scalar_one()
        assert db.get(Account, account) is not None
        for name, (expired, ended) in ends.items():
            db.add(
                SignIn(
                    account_id=account,
                    kind=SignInKind.COOKIE,
                    secret_hash=name,
                    created_at=now() - timedelta(days=90),
                    seen_at=now() - timedelta(days=90),
                    expires_at=now() - expired,
                    ended_at=None if ended is None else now() - ended,
                )
            )


def left(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return set(connection.execute(text("select secret_hash from sign_in")).scalars())


def test_sweep_sign_ins_deletes_those_that_ended_a_month_ago(database: Database) -> None:
    day = timedelta(days=1)
    sign_ins(
        database,
        expired_long_ago=(OLD, None),
        ended_long_ago=(-day, OLD),
        ended_before_it_expired_long_ago=(29 * day, OLD),
        expired_lately=(29 * day, None),
        ended_lately=(OLD, 29 * day),
        still_good=(-day, None),
    )
    assert sweep_sign_ins(database) == 3
    assert left(database) == {"expired_lately", "ended_lately", "still_good"}
    assert sweep_sign_ins(database) == 0


def test_check_progress_reports_tampered_rows(
    database: Database, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert check_progress(database) == []
    with database.engine.begin() as owner:
        owner.execute(
            text("update progress set body = body - 'modules' where enrolment_id = :id"),
            {"id": world.enrolments["karim"]},
        )
        owner.execute(text("delete from progress where enrolment_id = :id"), {"id": world.enrolments["elise"]})
    wrong = sorted((world.enrolments["karim"], world.enrolments["elise"]))
    assert check_progress(database) == wrong
    assert str(wrong) in caplog.text


def tables_of_the_queue(database: Database) -> set[str]:
    """Return ``schema.table`` of every table of the queue."""
    with database.engine.connect() as connection:
        names = connection.execute(
            text("select schemaname || '.' || tablename from pg_tables where tablename like '%pgqueuer%'")
        )
        return set(names.scalars())


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


async def until_waiting(database: Database, running: list[asyncio.Task[None]]) -> None:
    """Wait until the schedules exist, created by either worker."""
    deadline = time.monotonic() + TIMEOUT
    while await asyncio.to_thread(schedules, database) < SCHEDULES:
        assert time.monotonic() < deadline
        assert not [task.result() for task in running if task.done()]
        await asyncio.sleep(0.1)


def schedules(database: Database) -> int:
    with database.engine.connect() as connection:
        if connection.execute(text("select to_regclass('queue.pgqueuer_schedules')")).scalar_one() is None:
            return 0
        return int(connection.execute(text("select count(*) from queue.pgqueuer_schedules")).scalar_one())


def test_two_workers_at_once_install_the_queue_in_its_schema(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue's tables are not in the application's schema, so that migrations find no difference."""
    monkeypatch.setenv("PGQUEUER_SCHEMA", "elsewhere")

    async def work() -> None:
        running = [asyncio.create_task(run_background_work(database.addresses)) for _ in range(2)]
        try:
            await until_waiting(database, running)
            await asyncio.sleep(1)
            assert not [task.result() for task in running if task.done()]
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(work())
    tables = tables_of_the_queue(database)
    assert tables
    assert {name.split(".")[0] for name in tables} == {"queue"}
    assert schedules(database) == SCHEDULES
    config = Config(str(ROOT / "alembic.ini"))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)


@contextmanager
def worker(database: Database, root: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run ``escouade worker`` in a process of its own, killed on leaving."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ESCOUADE_", "PGQUEUER_"))}
    clean |= {"ESCOUADE_DATA_DIR": str(root)} if root else {}
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "worker"],
        cwd=ROOT,
        env=clean | {"ESCOUADE_DATABASE_URL": database.addresses.url, "ESCOUADE_DATABASE_OWNER_URL": url_of(database)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate(timeout=TIMEOUT)


def test_job_of_a_killed_worker_is_run_by_another(database: Database) -> None:
    """A worker killed during a job leaves it picked: the next worker runs it once it is stale."""
    with worker(database) as first:
        until(lambda: schedules(database) == SCHEDULES or first.poll() is not None)
        assert first.poll() is None
        first.send_signal(signal.SIGKILL)
        assert first.wait(TIMEOUT) == -signal.SIGKILL
    sign_ins(database, old=(OLD, None), good=(-OLD, None))
    picked = text(
        "update queue.pgqueuer_schedules set status = 'picked', heartbeat = now() - interval '1 minute'"
        " where entrypoint = 'sweep_sign_ins'"
    )
    with database.engine.begin() as owner:
        assert owner.execute(picked).rowcount == 1
    with worker(database) as second:
        until(lambda: left(database) == {"good"} or second.poll() is not None)
        assert left(database) == {"good"}
        second.send_signal(signal.SIGTERM)
        assert second.wait(TIMEOUT) == 0
        assert second.stderr is not None
        assert "Traceback" not in second.stderr.read()


def test_worker_processes_a_batch_and_stops_on_a_signal(database: Database, world: World, tmp_path: Path) -> None:
    """Render processes end with the worker, which finishes the certificate under way."""
    batch = bulk_clone.decide(database, world, bulk_clone.make_eligible(database, world, 12))
    drawn = text("select count(*) from certificate where pdf_sha256 is not null")
    with worker(database, tmp_path) as first:
        with database.engine.connect() as connection:
            until(lambda: connection.execute(drawn).scalar_one() or first.poll() is not None)
        first.send_signal(signal.SIGTERM)
        assert first.wait(TIMEOUT) == 0
        assert first.stderr is not None
        assert "Traceback" not in first.stderr.read()
    with worker(database, tmp_path) as second:
        until(lambda: kills.phase(database, batch) == "finished" or second.poll() is not None)
    wrong = kills.count_faults(database, world, batch, tmp_path, 12)
    assert {what: n for what, n in wrong.items() if n} == {"not archived": -1}  # none was issued before the batch


def test_render_processes_end_with_a_killed_worker(database: Database, world: World, tmp_path: Path) -> None:
    bulk_clone.decide(database, world, bulk_clone.make_eligible(database, world, 12))
    drawn = text("select count(*) from certificate where pdf_sha256 is not null")
    with worker(database, tmp_path) as first:
        with database.engine.connect() as connection:
            until(lambda: connection.execute(drawn).scalar_one() or first.poll() is not None)
        children = Path(f"/proc/{first.pid}/task/{first.pid}/children")
        if not children.exists():
            pytest.skip("no list of a process's children here")
        drawing = [
            Path("/proc") / pid
            for task in children.parent.parent.iterdir()
            for pid in (task / "children").read_text().split()
        ]
        assert drawing
        first.send_signal(signal.SIGKILL)
        assert first.wait(TIMEOUT) == -signal.SIGKILL
    until(lambda: not any(process.exists() for process in drawing))
