"""Workers killed at random moments while they issue: nothing is lost, given twice or skipped (100: ``make soak``)."""

from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.certificates import kills
from tests.factories.network import World

SIZE = 31


def test_killed_eight_times_and_nothing_is_lost(database: Database, world: World, settings: Settings) -> None:
    with kills.nursery(database, world, settings.data_dir, SIZE) as (nursery, batch):
        during = kills.kill_often(nursery, database, batch, 8, longest=0.3)
    assert during["issuing"] == 4
    wrong = kills.count(database, world, batch, settings.data_dir, SIZE)
    assert {what: n for what, n in wrong.items() if n} == {}
