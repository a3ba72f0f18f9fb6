"""Worker processes to be killed by tests: ``python -m tests.certificates.batch_worker_process ADDRESSES FOLDER …``.

It processes the first batch itself; then, for each line that it reads, it forks a worker that continues with the
batches, and prints its process id. A fork starts in milliseconds with everything loaded, as it must when a hundred
of them are to be killed.
With a third argument, numbers are taken in a transaction of their own, a wrong design that the test must detect.
"""

import os
import pickle
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

from app.certificates.batches.jobs import BatchContext, process_pending
from app.certificates.documents.layout import Draft, render_document
from app.certificates.documents.service import DocumentStore
from app.certificates.issuing import service as issuing
from app.deployment import open_database
from app.platform.database.session import Session, set_actor
from app.platform.database.transaction import separate_transaction
from app.platform.documents.render_pool import Result
from app.platform.security.keyring import new_keyring

SITE = "http://testserver"
KEYRING = new_keyring()
"""The same in every worker: they are forked from this process."""


def render(drafts: Sequence[Draft]) -> Iterator[Result]:
    """Return the documents, rendered in this process."""
    return map(render_document, drafts)


def run_forever(context: BatchContext) -> None:
    """Process batches until killed."""
    for engine in (context.database.request_engine, context.database.engine):
        engine.dispose(close=False)  # those connections belong to the parent process
    while True:
        process_pending(context)
        time.sleep(0.02)


def take_numbers_separately() -> None:
    """Replace ``next_sequence`` by one that takes numbers in a transaction of their own."""
    next_sequence = issuing.next_sequence

    def apart(db: Session, college_id: int, year: int) -> int:
        with separate_transaction(db) as other:
            set_actor(other, colleges=[college_id], person=None)
            return next_sequence(other, college_id, year)

    issuing.next_sequence = apart


def main(addresses: str, root: str, *options: str) -> None:
    """Process what is pending once, to load everything; then fork a worker for each line, one at a time."""
    database = open_database(pickle.loads(bytes.fromhex(addresses)), pool_size=2)  # noqa: S301 - of our own test
    database.origin = "worker"
    if options:
        take_numbers_separately()
    context = BatchContext(database, DocumentStore(Path(root), SITE, KEYRING), render, Event())
    process_pending(context)
    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            run_forever(context)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("dead", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
