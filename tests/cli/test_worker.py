"""The worker: its jobs, how it stops, and the recovery after a killed worker."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli.worker import open_for_jobs
from app.identity.account.models import Account
from app.identity.jobs import sweep_sign_ins
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.models import SignIn
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.messages.outbox import enqueue
from app.platform.security.keyring import save
from app.progress.jobs import check_progress
from tests.certificates import kills
from tests.cli.conftest import url_of
from tests.conftest import RING
from tests.factories import bulk_clone
from tests.factories.engine import statuses
from tests.factories.network import World
from tests.factories.waiting import TIMEOUT, wait_until

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


@contextmanager
def worker(database: Database, root: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``escouade worker`` in a process of its own, killed on leaving."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ESCOUADE_")}
    clean |= {"ESCOUADE_DATA_DIR": str(root), **settings}
    save(root / "keyring.json", RING)
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


def test_step_of_a_job_waits_its_turn_and_gives_locks_back(database: Database) -> None:
    """Items of a batch are issued one after the other, by whoever has the batch's row."""
    jobs = open_for_jobs(database.addresses)
    with jobs.transaction() as db:
        limits = "lock_timeout", "idle_in_transaction_session_timeout"
        assert [db.execute(text(f"show {limit}")).scalar_one() for limit in limits] == ["1min", "30s"]
    jobs.dispose()


@contextmanager
def silent_mail_server() -> Iterator[tuple[str, socket.socket]]:
    """Yield the address of a mail server that accepts connections and says nothing, and the socket to close."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"smtp://127.0.0.1:{listening.getsockname()[1]}", listening


def write_letter(database: Database) -> None:
    """Write the only letter that there is: the network's own messages are not sent."""
    with database.engine.begin() as owner:
        owner.execute(text("delete from notification"))
    with database.transaction() as db:
        enqueue(db, "zoe@alma.example.com", "invitation", college="Alma", link="http://testserver/x", until="demain")


def tries(database: Database) -> int:
    with database.engine.connect() as owner:
        return int(owner.execute(text("select tries from letter where kind = 'invitation'")).scalar_one())


def lines_until(process: subprocess.Popen[str], words: str) -> None:
    """Read what a process logs, until a line with these words."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"{words!r} was never logged")


def test_worker_finishes_the_job_under_way_before_it_stops(database: Database, tmp_path: Path) -> None:
    write_letter(database)
    with silent_mail_server() as (url, listening), worker(database, tmp_path, ESCOUADE_SMTP_URL=url) as first:
        client, _ = listening.accept()
        first.send_signal(signal.SIGTERM)
        lines_until(first, "stopping once")
        assert first.poll() is None
        assert tries(database) == 0
        client.close()
        assert first.wait(TIMEOUT) == 0
    assert tries(database) == 1
    assert statuses(database, "letter") == []


def test_second_signal_ends_a_worker_at_once_and_leaves_its_job(database: Database, tmp_path: Path) -> None:
    write_letter(database)
    with silent_mail_server() as (url, listening), worker(database, tmp_path, ESCOUADE_SMTP_URL=url) as first:
        client, _ = listening.accept()
        first.send_signal(signal.SIGTERM)
        lines_until(first, "stopping once")
        first.send_signal(signal.SIGTERM)
        assert first.wait(TIMEOUT) == 128 + signal.SIGTERM
        client.close()
    assert statuses(database, "letter") == ["doing"]


def test_job_of_a_killed_worker_is_run_by_another(database: Database, tmp_path: Path) -> None:
    """It takes the eight seconds of silence after which a worker counts as lost."""
    write_letter(database)
    with silent_mail_server() as (url, listening), worker(database, tmp_path, ESCOUADE_SMTP_URL=url) as first:
        client, _ = listening.accept()
        first.send_signal(signal.SIGKILL)
        assert first.wait(TIMEOUT) == -signal.SIGKILL
        with client, worker(database, tmp_path, ESCOUADE_SMTP_URL=url):
            listening.accept()[0].close()
            wait_until(lambda: tries(database) == 1)


def test_worker_processes_a_batch_and_stops_on_a_signal(database: Database, world: World, tmp_path: Path) -> None:
    """Render processes end with the worker, which finishes the certificate under way."""
    batch = bulk_clone.decide(database, world, bulk_clone.make_eligible(database, world, 6))
    drawn = text("select count(*) from certificate where pdf_sha256 is not null")
    with worker(database, tmp_path) as first:
        with database.engine.connect() as connection:
            wait_until(lambda: connection.execute(drawn).scalar_one() or first.poll() is not None)
        first.send_signal(signal.SIGTERM)
        assert first.wait(TIMEOUT) == 0
        assert first.stderr is not None
        assert "Traceback" not in first.stderr.read()
    with worker(database, tmp_path) as second:
        wait_until(lambda: kills.phase(database, batch) == "finished" or second.poll() is not None)
    wrong = kills.count_faults(database, world, batch, tmp_path, 6)
    assert {what: n for what, n in wrong.items() if n} == {"not archived": -1}  # none was issued before the batch


def test_render_processes_end_with_a_killed_worker(database: Database, world: World, tmp_path: Path) -> None:
    bulk_clone.decide(database, world, bulk_clone.make_eligible(database, world, 6))
    drawn = text("select count(*) from certificate where pdf_sha256 is not null")
    with worker(database, tmp_path) as first:
        with database.engine.connect() as connection:
            wait_until(lambda: connection.execute(drawn).scalar_one() or first.poll() is not None)
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
    wait_until(lambda: not any(process.exists() for process in drawing))
