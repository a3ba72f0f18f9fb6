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
def test_hundred_killed_workers_lose_nothing(database: Database, world: World, settings: Settings) -> None:
    started = time.monotonic()
    with kills.worker_launcher(database, world, settings.data_dir, SIZE) as (launcher, batch):
        during = kills.kill_workers(launcher, database, batch, 100, longest=0.8)
    assert min(during["issuing"], during["drawing"]) > 5, during
    faults = kills.count_faults(database, world, batch, settings.data_dir, SIZE)
    sys.stderr.write(f"{dict(during)}, {time.monotonic() - started:.0f} s: {faults}\n")
    assert {what: n for what, n in faults.items() if n} == {}


@pytest.mark.timeout(0)
def test_numbers_taken_separately_leave_gaps(database: Database, world: World, settings: Settings) -> None:
    with kills.worker_launcher(database, world, settings.data_dir, SIZE // 2, "apart") as (launcher, batch):
        during = kills.kill_workers(launcher, database, batch, 40, longest=0.6)
    faults = kills.count_faults(database, world, batch, settings.data_dir, SIZE // 2)
    sys.stderr.write(f"numbers taken separately, {dict(during)}: {faults}\n")
    assert faults["gaps"] > 0
