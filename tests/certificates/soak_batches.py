"""A hundred workers killed while they issue: ``make soak``, not ``make test``."""

import sys
import time

import pytest

from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.certificates import kills
from tests.factories.network import World

SIZE = 200


@pytest.mark.timeout(0)
def test_killed_a_hundred_times_and_nothing_is_lost(database: Database, world: World, settings: Settings) -> None:
    begun = time.monotonic()
    with kills.nursery(database, world, settings.data_dir, SIZE) as (nursery, batch):
        during = kills.kill_often(nursery, database, batch, 100, longest=0.8)
    assert min(during["issuing"], during["drawing"]) > 5, during
    wrong = kills.count(database, world, batch, settings.data_dir, SIZE)
    sys.stderr.write(f"{dict(during)}, {time.monotonic() - begun:.0f} s: {wrong}\n")
    assert {what: n for what, n in wrong.items() if n} == {}


@pytest.mark.timeout(0)
def test_the_kills_find_a_number_that_is_given_apart(database: Database, world: World, settings: Settings) -> None:
    with kills.nursery(database, world, settings.data_dir, SIZE // 2, "apart") as (nursery, batch):
        during = kills.kill_often(nursery, database, batch, 40, longest=0.6)
    wrong = kills.count(database, world, batch, settings.data_dir, SIZE // 2)
    sys.stderr.write(f"numbers given apart, {dict(during)}: {wrong}\n")
    assert wrong["gaps"] > 0
