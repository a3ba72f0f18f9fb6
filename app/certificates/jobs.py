"""Background work on certificates: batches, and documents of replaced or revoked certificates."""

import logging
from pathlib import Path
from threading import Event

from app.certificates.batches.jobs import BatchContext, process_pending, unfinished_batches
from app.certificates.documents.layout import open_render_pool
from app.certificates.documents.service import DocumentStore, move_ended_documents
from app.platform.database.transaction import Database
from app.platform.jobs.job import Job, JobContext, Loop

POLL_SECONDS = 2.0
"""Seconds between two polls of the batches."""
log = logging.getLogger("escouade.worker")


def restrict_ended_documents(database: Database, root: Path) -> int:
    """Move the documents of replaced or revoked certificates to restricted storage; return how many."""
    with database.as_owner() as db:
        return move_ended_documents(db, root)


def process_batches(context: JobContext, stop: Event) -> None:
    """Process unfinished batches, now and every few seconds, until ``stop`` is set.

    Batches are a queue of their own, in their own tables: what a killed worker leaves is continued at once,
    where the scheduler waits until a job is stale (docs/decisions/0012).
    """
    while not stop.is_set():
        try:
            if unfinished_batches(context.database):
                store = DocumentStore.from_settings(context.settings, context.keyring())
                with open_render_pool(store.keys) as pool:
                    process_pending(BatchContext(context.database, store, pool.map, stop))
        except Exception:
            log.exception("batches failed; they continue at the next poll")
        stop.wait(POLL_SECONDS)


def _restrict(context: JobContext) -> None:
    moved = restrict_ended_documents(context.database, context.settings.data_dir)
    log.info("%d documents moved to restricted storage", moved)


JOBS = (Job("restrict_ended_documents", "7 * * * *", _restrict),)
LOOPS = (Loop("batches", process_batches),)
