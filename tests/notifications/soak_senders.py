"""A hundred senders of messages killed: ``make soak``."""

import sys
from pathlib import Path

import pytest

from app.platform.database.transaction import Database
from tests.factories.mail_server import listening
from tests.factories.network import World
from tests.notifications.kills import kill_senders, tell_everyone

KILLS = 100


@pytest.mark.timeout(0)
@pytest.mark.skipif(not Path("/proc").exists(), reason="no processes to look at")
def test_a_hundred_kills_lose_nothing_and_double_only_in_the_gap(
    database: Database, world: World, tmp_path: Path
) -> None:
    told = tell_everyone(database, world, 20)
    with listening() as server:
        left = kill_senders(database, server, tmp_path, kills=KILLS)
    sys.stderr.write(
        f"{KILLS} kills: {told} messages, {left.letters} letters, {len(left.received)} received,"
        f" {left.again} of them again under the same Message-ID\n"
    )
    assert (left.messages, left.with_a_letter, left.letters, left.sent) == (told, told, told, told)
    assert len(left.received) == told
    assert KILLS // 2 <= left.again <= KILLS
    assert left.doubled <= left.in_the_gap
