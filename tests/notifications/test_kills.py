"""Senders killed between a mail server's acceptance and our record: ``make soak`` kills a hundred of them."""

from pathlib import Path

import pytest

from app.platform.database.transaction import Database
from tests.factories.mail_server import listening
from tests.factories.network import World
from tests.notifications.kills import kill_senders, tell_everyone


@pytest.mark.skipif(not Path("/proc").exists(), reason="no processes to look at")
def test_killed_senders_lose_no_message_and_double_only_what_was_accepted(
    database: Database, world: World, tmp_path: Path
) -> None:
    """Four processes are killed, which takes some seconds."""
    told = tell_everyone(database, world, 1)
    with listening() as server:
        left = kill_senders(database, server, tmp_path, kills=4)
    assert (left.messages, left.with_a_letter, left.letters, left.sent) == (told, told, told, told)
    assert len(left.received) == told
    assert 2 <= left.again <= 4
    assert left.doubled <= left.in_the_gap
