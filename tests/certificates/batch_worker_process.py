"""Workers on demand, to be killed: ``python -m tests.certificates.batch_worker_process URL FOLDER [apart]``.

It works through the first batch itself; then, for each line that it reads, it forks a worker that goes on with the
batches, and says its number. So a life begins in milliseconds and at its full speed, as it must when a hundred of
them are to end by ``kill -9``.
With ``apart``, a certificate's number is given in a transaction of its own: what a worse design would do.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

from app.certificates.batches.jobs import BatchContext, process_pending
from app.certificates.documents.layout import Draft, document
from app.certificates.documents.service import DocumentStore
from app.certificates.issuing import service as issuing
from app.deployment import open_database
from app.platform.database.session import Session, set_actor
from app.platform.database.transaction import separate_transaction
from app.platform.documents.render_pool import Result
from app.platform.security.keyring import new_keyring

SITE = "http://testserver"
RING = new_keyring()
"""The same in every life: they are forked from this one."""


def drawn(drafts: Sequence[Draft]) -> Iterator[Result]:
    """The documents, in this process."""
    return map(document, drafts)


def live(bench: BatchContext) -> None:
    """A worker's life: it ends when it is killed."""
    bench.database.engine.dispose(close=False)  # those connections are the nursery's
    while True:
        process_pending(bench)
        time.sleep(0.02)


def number_apart() -> None:
    """Give numbers in a transaction of their own, from here on."""
    given = issuing.next_in

    def apart(db: Session, college_id: int, year: int) -> int:
        with separate_transaction(db) as other:
            set_actor(other, colleges=[college_id], person=None)
            return given(other, college_id, year)

    issuing.next_in = apart


def main(url: str, root: str, *how: str) -> None:
    """Do what there is to do once, to know how; then fork a worker for each line, the one before dead by then."""
    database = open_database(url, pool_size=2)
    database.origin = "worker"
    if how:
        number_apart()
    bench = BatchContext(database, DocumentStore(Path(root), SITE, RING), drawn, Event())
    process_pending(bench)
    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            live(bench)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("dead", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
