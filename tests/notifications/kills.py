"""Kill the sender of messages at random moments, and just after a mail server took a letter; then count letters."""

import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.security.permissions import P
from tests.factories.calendars import session_entry
from tests.factories.mail_server import MailServer
from tests.factories.network import World, acting
from tests.factories.notifications import forget_messages
from tests.factories.waiting import wait_until

_STATE = text(
    """
    select (select count(*) from notification), (select count(distinct letter_id) from notification),
           (select count(*) from letter), (select count(*) from letter where state = 'sent')
    """
)


@dataclass
class Killed:
    """What was left: rows, how often each ``Message-ID`` was received, those that a kill may have doubled."""

    messages: int
    with_a_letter: int
    letters: int
    sent: int
    received: Counter[str]
    in_the_gap: set[str] = field(default_factory=set)

    @property
    def doubled(self) -> set[str]:
        """The ``Message-ID`` of letters that were received more than once."""
        return {name for name, times in self.received.items() if times > 1}

    @property
    def again(self) -> int:
        """How often a letter was received that had been received before."""
        return self.received.total() - len(self.received)


def tell_everyone(database: Database, world: World, events: int) -> int:
    """Tell everyone of the small network of some events that no quiet hours hold back; return how many messages."""
    forget_messages(database)
    params = {"cohort": "G", "activity": "Atelier", "starts_at": now(), "timezone": "America/Toronto"}
    people = list(world.people.values())
    with database.transaction() as db:
        acting(db, world, "coordinator", P.SESSION_MANAGE)
        for n in range(events):
            entry = session_entry(id=n + 1, is_cancelled=True)
            notify(db, Event(Kind.SESSION_CANCELLED, f"session:{n}", people, "/parcours", params, world.alma, (entry,)))
    return len(people) * events


def kill_senders(database: Database, server: MailServer, folder: Path, *, kills: int, seed: int = 1) -> Killed:
    """Kill senders so often, every second one between the mail server's acceptance and the record; then send the rest.

    A random kill may fall there too: the last letter received before each kill may come again.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    gaps: set[str] = set()
    command = [sys.executable, "-m", "tests.notifications.sender_process", pickle.dumps(database.addresses).hex()]
    with subprocess.Popen(
        [*command, server.url, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for n in range(kills + 1):
            process.stdin.write("start\n")
            process.stdin.flush()
            sender = int(process.stdout.readline())
            if n == kills:
                wait_until(lambda: _is_all_sent(database), seconds=300)
            elif n % 2:
                _kill_when_received(server, sender, chance.randint(1, 3))
            else:
                time.sleep(chance.uniform(0, 0.2))
            server.on_received = lambda: None
            with suppress(ProcessLookupError):
                os.kill(sender, signal.SIGKILL)
            wait_until(lambda sender=sender: not Path(f"/proc/{sender}").exists())  # type: ignore[misc]
            if server.received:
                gaps.add(str(server.messages[-1]["message-id"]))
        process.stdin.close()
    with database.engine.connect() as owner:
        messages, with_a_letter, letters, sent = owner.execute(_STATE).one()
    received = Counter(str(message["message-id"]) for message in server.messages)
    return Killed(messages, with_a_letter, letters, sent, received, gaps)


def _kill_when_received(server: MailServer, sender: int, letters: int) -> None:
    """Wait until the mail server has taken some more letters, and kill the sender before it hears of the last one."""
    last = len(server.received) + letters

    def kill() -> None:
        if len(server.received) >= last:
            with suppress(ProcessLookupError):
                os.kill(sender, signal.SIGKILL)

    server.on_received = kill
    wait_until(lambda: len(server.received) >= last)


def _is_all_sent(database: Database) -> bool:
    with database.engine.connect() as owner:
        messages, with_a_letter, letters, sent = owner.execute(_STATE).one()
    return bool(messages == with_a_letter == letters == sent)
