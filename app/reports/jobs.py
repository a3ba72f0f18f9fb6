"""Background work of reports: the ledger of their sums is added up."""

from sqlalchemy import text

from app.platform.database.transaction import Database
from app.platform.jobs.job import Job, JobContext


def compact_sums(database: Database) -> None:
    """Replace the summands of each place by their sum: readers add up few rows."""
    with database.as_owner() as db:
        db.execute(text("select compact_report_sums()"))


def _compact(context: JobContext) -> None:
    compact_sums(context.database)


JOBS = (Job("compact_report_sums", "*/5 * * * *", _compact),)
