"""Workers killed at random moments while they issue: nothing is lost, duplicated or skipped (100: ``make soak``)."""

from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.certificates import kills
from tests.factories.network import World

SIZE = 31


def test_eight_killed_workers_lose_nothing(database: Database, world: World, settings: Settings) -> None:
    with kills.worker_launcher(database, world, settings.data_dir, SIZE) as (launcher, batch):
        during = kills.kill_workers(launcher, database, batch, 8, longest=0.3)
    assert during["issuing"] == 4
    faults = kills.count_faults(database, world, batch, settings.data_dir, SIZE)
    assert {what: n for what, n in faults.items() if n} == {}
