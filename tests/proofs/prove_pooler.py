"""Requests and jobs through pgbouncer in transaction mode: nobody's data in anybody else's answer, and no error."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app.deployment import open_database
from app.features import JOBS
from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.e2e.live_site import LiveSite
from tests.factories.engine import running_engine, wait_until
from tests.factories.network import World, build, confirm_roles, token
from tests.proofs.pooler_in_front import server_and_pooler
from tests.server import addresses_of, migrate, opened

READERS = ("maude", "karim", "elise", "other_participant", "registrar", "other_coordinator")
ROUNDS = 30
THREADS = 12
"""More than the three connections that pgbouncer is given in this test."""
Pooled = tuple[Database, Database, World]


@pytest.fixture(scope="module")
def pooled() -> Iterator[Pooled]:
    """The network on a server of its own: reached by the pooler with statements unprepared, then prepared."""
    with server_and_pooler() as (owner_url, url):
        migrate(owner_url)
        direct = opened(owner_url)
        world = build(direct)
        confirm_roles(direct, world)
        addresses = replace(addresses_of(owner_url), url=url)
        databases = [open_database(replace(addresses, is_pooled=pooled), pool_size=THREADS) for pooled in (True, False)]
        yield databases[0], databases[1], world
        for database in (direct, *databases):
            database.dispose()


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


def test_prepared_statements_through_a_pooler_fail(pooled: Pooled, site: LiveSite, tmp_path: Path) -> None:
    """What the setting is for: this load notices statements that are prepared under a name."""
    _, prepared, world = pooled
    assert load(site, prepared, world, tmp_path)["own"] < len(READERS) * ROUNDS
