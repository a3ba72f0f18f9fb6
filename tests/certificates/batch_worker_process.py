"""Worker processes to be killed by tests: ``python -m tests.certificates.batch_worker_process ADDRESSES FOLDER …``.

It processes the first batch itself; then it obeys lines: ``start`` forks a worker that runs the jobs of batches, and
prints its process id; ``kill ID`` kills one. A fork starts in milliseconds with everything loaded, as it must when a
hundred of them are to be killed. What a worker does is recorded under its own origin, ``worker ID``.
With a third argument, numbers are taken in a transaction of their own, a wrong design that the test must detect.
"""

import asyncio
import os
import pickle
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from app.certificates.batches.jobs import ISSUE, RENDER, BatchContext, issue_next, render_item
from app.certificates.documents.layout import render_document
from app.certificates.documents.service import DocumentStore
from app.certificates.issuing import service as issuing
from app.cli.worker import open_for_jobs
from app.deployment import open_database
from app.platform.config import Settings
from app.platform.database.session import Session, set_actor
from app.platform.database.transaction import Addresses, Database, separate_transaction
from app.platform.files.folder import FolderStore
from app.platform.jobs.engine import run_worker
from app.platform.jobs.job import JobContext
from app.platform.security.keyring import new_keyring
from tests.factories.batches import process_pending

SITE = "http://testserver"
KEYRING = new_keyring()
"""The same in every worker: they are forked from this process."""
LONG_ENOUGH_TO_BE_KILLED = 0.1
"""Seconds between a number that is taken separately and its certificate: a kill there must not be a matter of luck."""


def run_forever(addresses: Addresses, store: DocumentStore) -> None:
    """Run the jobs of batches until killed; documents are rendered in this process."""
    database = open_for_jobs(addresses)
    database.origin = f"worker {os.getpid()}"
    context = BatchContext(database, store, render_document)
    jobs = (
        replace(ISSUE, run=lambda _, item_id: issue_next(context, item_id)),
        replace(RENDER, run=lambda _, item_id: render_item(context, item_id)),
    )
    asyncio.run(run_worker(JobContext(database, Settings(data_dir=Path(store.files.place)), lambda: KEYRING), jobs))


def end_with_parent(alive: int) -> None:
    """End this process once the pipe's other end is closed."""
    os.read(alive, 1)
    os._exit(0)


def take_numbers_separately() -> None:
    """Replace ``next_sequence`` by one that takes numbers in a transaction of their own."""
    next_sequence = issuing.next_sequence

    def apart(db: Session, college_id: int, year: int) -> int:
        with separate_transaction(db) as other:
            set_actor(other, colleges=[college_id], person=None)
            number = next_sequence(other, college_id, year)
        time.sleep(LONG_ENOUGH_TO_BE_KILLED)
        return number

    issuing.next_sequence = apart


def load(addresses: Addresses, store: DocumentStore) -> None:
    """Process what is pending, to load everything that a worker needs."""
    database: Database = open_database(addresses, pool_size=2)
    process_pending(BatchContext(database, store, render_document))
    database.dispose()


def main(pickled: str, root: str, *options: str) -> None:
    """Load everything; then start and kill workers as told."""
    addresses: Addresses = pickle.loads(bytes.fromhex(pickled))  # noqa: S301 - of our own test
    store = DocumentStore(FolderStore(Path(root)), SITE, KEYRING)
    os.environ["PGAPPNAME"] = "escouade worker"  # so that tests find its connections
    if options:
        take_numbers_separately()
    load(addresses, store)
    alive, ours = os.pipe()
    print("ready", flush=True)
    for line in sys.stdin:
        match line.split():
            case ["start"]:
                child = os.fork()
                if not child:
                    os.close(ours)
                    threading.Thread(target=end_with_parent, args=(alive,), daemon=True).start()
                    run_forever(addresses, store)
                    os._exit(0)
                print(child, flush=True)
            case ["kill", number]:
                os.kill(int(number), signal.SIGKILL)
                os.waitpid(int(number), 0)
                print("dead", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
