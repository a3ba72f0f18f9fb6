"""Requests and jobs through pgbouncer in transaction mode: nobody's data in anybody else's answer, and no error."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app.deployment import open_database
from app.features import JOBS
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.jobs.job import JobContext, Queue, RowJob
from app.platform.jobs.queue import enqueue
from app.platform.jobs.status import jobs_status
from tests.e2e.live_site import LiveSite
from tests.factories.engine import running_engine, statuses
from tests.factories.network import World, build, confirm_roles, token
from tests.factories.waiting import wait_until
from tests.proofs.pooler_in_front import Pooler, server_and_pooler
from tests.server import addresses_of, migrate, opened

READERS = ("maude", "karim", "elise", "other_participant", "registrar", "other_coordinator")
ROUNDS = 30
THREADS = 12
"""More than the three connections that pgbouncer is given in this test."""
WORK = 300
Pooled = tuple[Database, Database, World]


@pytest.fixture(scope="module")
def pooler() -> Iterator[Pooler]:
    """A server with pgbouncer in front."""
    with server_and_pooler() as found:
        yield found


@pytest.fixture(scope="module")
def pooled(pooler: Pooler) -> Iterator[Pooled]:
    """The network on a server of its own: reached by the pooler with statements unprepared, then prepared."""
    with ExitStack() as stack:
        migrate(pooler.owner_url)
        direct = opened(pooler.owner_url)
        world = build(direct)
        confirm_roles(direct, world)
        addresses = replace(addresses_of(pooler.owner_url), url=pooler.url, owner_url=pooler.jobs_url)
        databases = [open_database(replace(addresses, is_pooled=pooled), pool_size=THREADS) for pooled in (True, False)]
        for database in (direct, *databases):
            stack.callback(database.dispose)
        yield databases[0], databases[1], world


def load(site: LiveSite, database: Database, world: World, folder: Path) -> Counter[str]:
    """Let several people read and write at once; return how often each thing happened."""
    site.attach(database, folder)
    secrets = {who: token(database, world, who) for who in READERS}

    def work(number: int) -> str:
        who = READERS[number % len(READERS)]
        headers = {"Authorization": f"Bearer {secrets[who]}"}
        with httpx.Client(base_url=site.url, headers=headers, timeout=30) as client:
            me = client.get("/api/v1/me")
            page = client.get("/" if number % 2 else "/api/v1/me/progress")
            if who == "registrar":
                body = {"email": f"{folder.name}.{number}@escouade.example.com", "role": "coordinator"}
                sent = client.post(f"/api/v1/colleges/{world.alma}/invitations", json=body)
                if sent.status_code != 201:
                    return f"invitation {sent.status_code}"
        if me.status_code != 200 or page.status_code >= 400:
            return f"{me.status_code} {page.status_code}"
        return "own" if me.json()["person_id"] == world.people[who] else "somebody else's"

    def outcome(number: int) -> str:
        try:
            return work(number)
        except httpx.TransportError as error:
            return type(error).__name__

    with ThreadPoolExecutor(THREADS) as threads:
        return Counter(threads.map(outcome, range(len(READERS) * ROUNDS)))


@pytest.fixture
def site() -> Iterator[LiveSite]:
    """The application at an address of this machine."""
    found = LiveSite()
    yield found
    found.stop()


def test_requests_and_jobs_through_a_pooler_lose_and_mix_nothing(
    pooled: Pooled, site: LiveSite, tmp_path: Path
) -> None:
    database, _, world = pooled
    assert load(site, database, world, tmp_path) == {"own": len(READERS) * ROUNDS}
    settings = Settings(data_dir=tmp_path, base_url=site.url)

    recipient = f"{tmp_path.name}."

    def unsent() -> int:
        mine = text("select count(*) from letter where sent_at is null and starts_with(recipient, :start)")
        with database.as_owner() as db:
            return int(db.execute(mine, {"start": recipient}).scalar_one())

    assert unsent() == ROUNDS
    with running_engine(database, settings, *JOBS):
        wait_until(lambda: unsent() == 0)
    letters = [letter.read_text() for letter in (tmp_path / "mail").glob("*.eml")]
    assert len([letter for letter in letters if f"To: {recipient}" in letter]) == ROUNDS


@pytest.fixture
def work(pooled: Pooled) -> Iterator[None]:
    """Rows to work on, and what was done of each: a run that finds its row done writes nothing."""
    with pooled[0].engine.begin() as owner:
        owner.execute(text("create table work (id bigint primary key, is_done bool not null default false)"))
        owner.execute(text("create table work_effect (id bigint not null)"))
        owner.execute(text("insert into work select * from generate_series(1, :n)"), {"n": WORK})
    yield
    with pooled[0].engine.begin() as owner:
        owner.execute(text("drop table work, work_effect"))


@pytest.mark.usefixtures("work")
def test_every_job_through_a_pooler_runs_and_takes_effect_once_when_the_pooler_restarts(
    pooler: Pooler, pooled: Pooled, settings: Settings
) -> None:
    """A job whose end was not written runs again, by design: it is its row that says whether anything is left to do."""
    database, _, _ = pooled
    began: list[int] = []

    def run(context: JobContext, id_: int) -> None:
        began.append(id_)
        with context.database.engine.begin() as owner:
            lock = text("select is_done, pg_sleep(0.02) from work where id = :id for update")
            if not owner.execute(lock, {"id": id_}).one().is_done:
                owner.execute(text("insert into work_effect values (:id)"), {"id": id_})
                owner.execute(text("update work set is_done = true where id = :id"), {"id": id_})

    def effects() -> Counter[int]:
        with database.engine.connect() as owner:
            return Counter(owner.execute(text("select id from work_effect")).scalars())

    def seen() -> list[datetime]:
        with database.transaction() as db:
            status = jobs_status(db, ())
        return [worker.seen_at for worker in status.workers]

    job = RowJob("pooled_work", run, lambda _: (), Queue.DOCUMENTS)
    with database.as_owner() as db:
        enqueue(db, job, range(1, WORK + 1))
    with running_engine(database, settings, job):
        for seconds in (0, 3):
            before = len(effects())
            wait_until(lambda before=before: len(effects()) > before)  # type: ignore[misc]
            assert len(effects()) < WORK, "it restarts while work is left"
            pooler.restart(seconds)
        back = now()
        wait_until(lambda: any(at > back for at in seen()))
        wait_until(lambda: statuses(database, job.name) == [])
    every = range(1, WORK + 1)
    assert set(began) == set(every)
    assert effects() == Counter(every)


def test_prepared_statements_through_a_pooler_fail(pooled: Pooled, site: LiveSite, tmp_path: Path) -> None:
    """What the setting is for: this load notices statements that are prepared under a name."""
    _, prepared, world = pooled
    assert load(site, prepared, world, tmp_path)["own"] < len(READERS) * ROUNDS
