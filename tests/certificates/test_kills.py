"""Workers killed at random moments while they issue: nothing is lost, duplicated or skipped (100: ``make soak``)."""

from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.certificates import kills
from tests.factories.network import World
from tests.factories.waiting import wait_until

SIZE = 31


def test_eight_killed_workers_and_two_losses_of_all_connections_lose_nothing(
    database: Database, world: World, settings: Settings
) -> None:
    with kills.worker_launcher(database, world, settings.data_dir, SIZE) as (launcher, batch):
        during = kills.kill_workers(launcher, database, batch, 8, longest=0.3, losses=2)
    assert during["issuing"] == 4
    faults = kills.count_faults(database, world, batch, settings.data_dir, SIZE)
    assert {what: n for what, n in faults.items() if n} == {}


def test_two_workers_share_a_batch(database: Database, world: World, settings: Settings) -> None:
    """Both issue, both render; numbers have no gap."""
    with kills.worker_launcher(database, world, settings.data_dir, SIZE) as (launcher, batch):
        workers = launcher.start(), launcher.start()
        wait_until(lambda: kills.phase(database, batch) == "finished", kills.TIMEOUT_SECONDS)
        for worker in workers:
            launcher.kill(worker)
    assert [min(share) > 0 for share in kills.shares(database).values()] == [True, True]
    faults = kills.count_faults(database, world, batch, settings.data_dir, SIZE)
    assert {what: n for what, n in faults.items() if n} == {}
