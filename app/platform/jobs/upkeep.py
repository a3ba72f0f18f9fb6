"""The platform's own jobs: e-mail delivery, the hash chain, deletion of expired rows and unreferenced files."""

import logging
from datetime import timedelta

from sqlalchemy import text

from app.platform.audit.hash_chain import ChainReport, append, verify
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.documents import references
from app.platform.files.store import FileStore
from app.platform.jobs.job import AnyJob, Job, JobContext
from app.platform.jobs.queue import purge
from app.platform.messages.outbox import LETTER
from app.platform.security.keyring import Keyring
from app.platform.web.idempotency import RETENTION_HOURS

RETENTION_DAYS = 30
DAY = timedelta(days=1)
log = logging.getLogger("escouade.worker")


def sweep_answers(database: Database) -> int:
    """Delete responses stored under idempotency keys for more than 24 hours; return how many."""
    with database.engine.begin() as owner:
        deleted = owner.execute(
            text("delete from idempotent_request where created_at < now() - make_interval(hours => :hours)"),
            {"hours": RETENTION_HOURS},
        )
    return deleted.rowcount


def sweep_attempts(database: Database) -> int:
    """Delete failed attempts older than a day, longer than any rate-limit window; return how many."""
    with database.engine.begin() as owner:
        deleted = owner.execute(text("delete from attempt where at < now() - interval '1 day'"))
    return deleted.rowcount


def sweep_messages(database: Database) -> int:
    """Delete e-mail messages a month after they were sent or abandoned; return how many."""
    with database.engine.begin() as owner:
        deleted = owner.execute(
            text(
                "delete from letter where state in ('sent', 'refused', 'given_up')"
                " and due_at < now() - make_interval(days => :days)"
            ),
            {"days": RETENTION_DAYS},
        )
    return deleted.rowcount


def sweep_files(database: Database, files: FileStore, *, age: timedelta = DAY) -> int:
    """Delete stored files older than ``age`` that no row refers to (a crash left them); return how many.

    The files are listed before the references are read: a file that is referenced in between is younger.
    """
    before = now() - age
    candidates = files.files_before(before)
    return files.sweep(candidates, referenced_files(database), before)


def referenced_files(database: Database) -> set[str]:
    """Return the digest of every file that a row refers to."""
    with database.engine.connect() as owner:
        return references.referenced_files(owner)


def append_to_chain(database: Database, keyring: Keyring) -> int:
    """Append the audit entries since the last time to the hash chain; return how many."""
    with database.as_owner() as db:
        return append(db, keyring)


def check_chain(database: Database, keyring: Keyring) -> ChainReport:
    """Verify the whole hash chain; violations are logged as an error, and the end of the chain as an anchor."""
    with database.as_owner() as db:
        append(db, keyring, whole=True)
    with database.as_owner() as db:
        report = verify(db, keyring)
    if report.violations:
        log.error("the audit chain is broken: %s", report.violations[:20])
    log.info("audit anchor %s", report.anchor)
    return report


def _sweep(context: JobContext) -> None:
    log.info("%d responses under idempotency keys deleted", sweep_answers(context.database))
    log.info("%d failed attempts deleted", sweep_attempts(context.database))
    log.info("%d e-mail messages deleted", sweep_messages(context.database))
    purge(context.database)


def _sweep_files(context: JobContext) -> None:
    log.info("%d unreferenced files deleted", sweep_files(context.database, context.files))


def _append_to_chain(context: JobContext) -> None:
    append_to_chain(context.database, context.keyring())


def _check_chain(context: JobContext) -> None:
    check_chain(context.database, context.keyring())


JOBS: tuple[AnyJob, ...] = (
    LETTER,
    Job("sweep_rows", "7 * * * *", _sweep),
    Job("seal_record", "* * * * *", _append_to_chain),
    Job("check_record", "37 8 * * *", _check_chain),
    Job("sweep_files", "57 8 * * *", _sweep_files),
)
