"""Background work on certificates: batches, and documents of replaced or revoked certificates."""

import logging

from app.certificates.batches.jobs import ISSUE, RENDER
from app.certificates.documents.service import move_ended_documents
from app.platform.database.transaction import Database
from app.platform.files.store import FileStore
from app.platform.jobs.job import AnyJob, Job, JobContext

log = logging.getLogger("escouade.worker")


def restrict_ended_documents(database: Database, files: FileStore) -> int:
    """Move the documents of replaced or revoked certificates to restricted storage; return how many."""
    with database.as_owner() as db:
        return move_ended_documents(db, files)


def _restrict(context: JobContext) -> None:
    moved = restrict_ended_documents(context.database, context.files)
    log.info("%d documents moved to restricted storage", moved)


JOBS: tuple[AnyJob, ...] = (Job("restrict_ended_documents", "7 * * * *", _restrict), ISSUE, RENDER)
