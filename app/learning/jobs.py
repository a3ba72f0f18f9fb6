"""Background work of learning: files sent in parts are kept for a day."""

import logging

from sqlalchemy import text

from app.learning.uploads.rules import LIFETIME
from app.platform.database.transaction import Database
from app.platform.jobs.job import Job, JobContext

log = logging.getLogger("escouade.worker")


def sweep_uploads(database: Database) -> int:
    """Delete uploads of a day ago, finished or not; return how many. Their parts go as files without a row do."""
    statement = """
        with old as (select id from upload where created_at < now() - :lifetime),
             parts as (delete from upload_part p using old where p.upload_id = old.id)
        delete from upload u using old where u.id = old.id
    """
    with database.engine.begin() as owner:
        return owner.execute(text(statement), {"lifetime": LIFETIME}).rowcount


def _sweep(context: JobContext) -> None:
    log.info("%d old uploads deleted", sweep_uploads(context.database))


JOBS = (Job("sweep_uploads", "41 * * * *", _sweep),)
