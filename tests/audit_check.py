"""The books of every transaction of a test: what PostgreSQL counts as written, against what the record tells.

A statement that escapes the unit of work, and says nothing of it, fails the test that runs it. Not in the books:
what tests write as the owner, to tamper with what is kept; transactions where a savepoint was taken back, whose
writes the server counts all the same.
"""

from collections import Counter
from typing import Any

from psycopg import Connection as DriverConnection
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from sqlalchemy import Connection, event
from sqlalchemy.orm import SessionTransaction

from app.platform.audit.recorder import NOT_AUDITED, record
from app.platform.database.session import APP_ROLE, Session, changes, savepoint
from app.platform.database.transaction import Database

_COUNTS = """
    select relname::text, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_xact_user_tables
     where schemaname = 'public' and n_tup_ins + n_tup_upd + n_tup_del > 0
"""


class Unaccounted(AssertionError):
    """Rows were written that no entry tells of."""


def audited(database: Database) -> Database:
    """The same database, its books checked before each commit."""
    event.listen(database._sessions, "after_begin", _open_books)
    event.listen(database._sessions, "after_soft_rollback", _close_books)
    before = tuple(step for step in database.before_commit if step is not record)
    database.before_commit = (*before, check_books, record)
    return database


def _open_books(db: Session, _transaction: object, connection: Connection) -> None:
    # The connection's counts of transactions before, which the server has not collected yet.
    if "books" not in db.info:
        db.info["books"] = _counted(_driver(connection))


def _close_books(db: Session, transaction: SessionTransaction) -> None:
    if savepoint(transaction) is not None:
        db.info["books"] = None


def _driver(connection: Connection) -> DriverConnection[Any]:
    """Below SQLAlchemy, so that tests that count statements do not see ours."""
    found: DriverConnection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return found


def _counted(driver: DriverConnection[Any]) -> Counter[str]:
    with driver.cursor(row_factory=tuple_row) as cursor:
        return Counter(dict(cursor.execute(_COUNTS).fetchall()))


def _as_application(driver: DriverConnection[Any]) -> bool:
    with driver.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute("select current_user").fetchone()
    return found == (APP_ROLE,)


def told(db: Session) -> Counter[str]:
    """Rows by table that the record will tell of, or that are decided to leave no entry."""
    found: Counter[str] = Counter(c.row.__tablename__ for c in changes(db) if c.before or c.after)
    noted: list[Any] = db.info.get("noted", [])
    found.update(entry.subject for entry in noted)
    found.update(db.info.get("skip_audit", {}))
    return found


def check_books(db: Session) -> None:
    """Raise :class:`Unaccounted` for tables that hold more new rows than told."""
    known, books = told(db), db.info.get("books")
    driver = _driver(db.connection())
    if books is None or driver.info.transaction_status == TransactionStatus.INERROR or not _as_application(driver):
        return
    written = _counted(driver) - books
    silent = {t: n - known[t] for t, n in written.items() if t not in NOT_AUDITED and n > known[t]}
    if silent:
        raise Unaccounted(f"rows that no entry accounts for (platform/audit/recorder.py): {silent}")
