"""Senders of messages to be killed: ``python -m tests.notifications.sender_process ADDRESSES MAIL_SERVER FOLDER``.

At each line it forks a sender, which writes and sends letters until it is killed, and prints its process id: a fork
starts in milliseconds with everything loaded, as it must when a hundred of them are to be killed.
"""

import os
import pickle
import signal
import sys
import time
from pathlib import Path

from app.notifications.letters import write_letters
from app.platform.config import Settings
from app.platform.database.transaction import Addresses, Database
from app.platform.messages.outbox import deliver_letter, due_letters


def send_forever(addresses: Addresses, settings: Settings) -> None:
    """Write and send what is due, as the jobs of the worker do, until killed."""
    database = Database(addresses, origin="worker")
    while True:
        write_letters(database, settings)
        for letter_id in due_letters(database, settings):
            deliver_letter(database, settings, letter_id)
        time.sleep(0.01)


def main() -> None:
    """Fork a sender for each line of the input; end with it."""
    addresses: Addresses = pickle.loads(bytes.fromhex(sys.argv[1]))  # noqa: S301 - the test's own
    settings = Settings(smtp_url=sys.argv[2], base_url="http://testserver", data_dir=Path(sys.argv[3]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            send_forever(addresses, settings)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
