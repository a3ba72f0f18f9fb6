"""A hundred workers killed while they issue, their connections ended, their server stopped: ``make soak``."""

import sys
import time

import pytest

from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.certificates import kills
from tests.factories.network import World
from tests.factories.waiting import wait_until

SIZE = 200


@pytest.mark.timeout(0)
def test_hundred_killed_workers_and_twenty_losses_of_all_connections_lose_nothing(
    database: Database, world: World, settings: Settings
) -> None:
    started = time.monotonic()
    with kills.worker_launcher(database, world, settings.data_dir, SIZE) as (launcher, batch):
        during = kills.kill_workers(launcher, database, batch, 100, longest=1.5, losses=20)
    assert min(during["issuing"], during["drawing"]) > 5, during
    assert during["lost connections"] == 20
    faults = kills.count_faults(database, world, batch, settings.data_dir, SIZE)
    sys.stderr.write(f"{dict(during)}, {time.monotonic() - started:.0f} s: {faults}\n")
    assert {what: n for what, n in faults.items() if n} == {}


@pytest.mark.timeout(0)
def test_numbers_taken_separately_leave_gaps(database: Database, world: World, settings: Settings) -> None:
    with kills.worker_launcher(database, world, settings.data_dir, SIZE // 2, "apart") as (launcher, batch):
        during = kills.kill_workers(launcher, database, batch, 40, longest=1.5)
    faults = kills.count_faults(database, world, batch, settings.data_dir, SIZE // 2)
    sys.stderr.write(f"numbers taken separately, {dict(during)}: {faults}\n")
    assert faults["gaps"] > 0


@pytest.mark.timeout(0)
def test_two_workers_share_a_batch_and_one_takes_up_what_the_other_leaves(
    database: Database, world: World, settings: Settings
) -> None:
    with kills.worker_launcher(database, world, settings.data_dir, SIZE) as (launcher, batch):
        first, second = launcher.start(), launcher.start()
        wait_until(
            lambda: sum(rendered for _, rendered in kills.shares(database).values()) > SIZE // 2, kills.TIMEOUT_SECONDS
        )
        shares = kills.shares(database)
        left, seconds = kills.seconds_until_taken_up(launcher, database, first)
        wait_until(lambda: kills.phase(database, batch) == "finished", kills.TIMEOUT_SECONDS)
        launcher.kill(second)
    sys.stderr.write(f"issued and rendered by each: {shares}; {left} jobs of the killed taken up in {seconds:.1f} s\n")
    assert len(shares) == 2
    assert min(min(share) for share in shares.values()) > SIZE // 10
    assert seconds < 15
    faults = kills.count_faults(database, world, batch, settings.data_dir, SIZE)
    assert {what: n for what, n in faults.items() if n} == {}
