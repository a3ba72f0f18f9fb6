"""A check of every transaction of a test: the rows that PostgreSQL counts as written must be in the audit record.

An undeclared statement outside the unit of work fails the test that runs it. Not checked: what tests write as the
owner, to tamper with data; transactions that rolled back to a savepoint, whose writes the server still counts.
"""

from collections import Counter
from typing import Any

from psycopg import Connection as DriverConnection
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from sqlalchemy import Connection, event
from sqlalchemy.orm import SessionTransaction

from app.platform.audit.recorder import NOT_AUDITED, record
from app.platform.database.session import Session, changes, savepoint
from app.platform.database.transaction import Database
from tests.server import login_role

_COUNTS = """
    select relname::text, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_xact_user_tables
     where schemaname = 'public' and n_tup_ins + n_tup_upd + n_tup_del > 0
"""


KEPT_BY_THE_DATABASE = {
    "cohort": ("enrolment",),
    "enterprise": ("mandate_milestone", "milestone_confirmation"),
    "field_hours": ("countersignature",),
    "mandate": ("mandate_milestone", "milestone_confirmation"),
}
"""Tables with a column that a trigger writes when a row of others, which is recorded, is written."""


class Unaudited(AssertionError):
    """Rows were written that no audit entry covers."""


def audited(database: Database) -> Database:
    """Return the same database, with every transaction checked before its commit."""
    event.listen(database._sessions, "after_begin", _start_counting)
    event.listen(database._sessions, "after_soft_rollback", _stop_counting)
    before = tuple(step for step in database.before_commit if step is not record)
    database.before_commit = (*before, check_audited, record)
    return database


def _start_counting(db: Session, _transaction: object, connection: Connection) -> None:
    # The counts include those of the connection's earlier transactions that the server has not collected yet.
    if "row_counts" not in db.info:
        db.info["row_counts"] = _written_rows(_driver(connection))


def _stop_counting(db: Session, transaction: SessionTransaction) -> None:
    if savepoint(transaction) is not None:
        db.info["row_counts"] = None
    else:
        db.info.pop("row_counts", None)  # what was rolled back needs no entry, and its rows stay counted for a second


def _driver(connection: Connection) -> DriverConnection[Any]:
    """Return the driver's connection: statements below SQLAlchemy are not seen by tests that count them."""
    driver: DriverConnection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return driver


def _written_rows(driver: DriverConnection[Any]) -> Counter[str]:
    with driver.cursor(row_factory=tuple_row) as cursor:
        return Counter(dict(cursor.execute(_COUNTS).fetchall()))


def _as_application(driver: DriverConnection[Any]) -> bool:
    with driver.cursor(row_factory=tuple_row) as cursor:
        role = cursor.execute("select current_user").fetchone()
    return role == (login_role(),)


def accounted_rows(db: Session) -> Counter[str]:
    """Return the number of rows by table that will be recorded, or that are declared to leave no entry."""
    rows: Counter[str] = Counter(c.row.__tablename__ for c in changes(db) if c.before or c.after)
    declared: list[Any] = db.info.get("noted", [])
    rows.update(entry.subject for entry in declared)
    rows.update(db.info.get("skip_audit", {}))
    for table, kept_from in KEPT_BY_THE_DATABASE.items():
        rows[table] += sum(rows[name] for name in kept_from)
    return rows


def check_audited(db: Session) -> None:
    """Raise :class:`Unaudited` for tables with more written rows than accounted for."""
    accounted, row_counts = accounted_rows(db), db.info.get("row_counts")
    driver = _driver(db.connection())
    if row_counts is None or driver.info.transaction_status == TransactionStatus.INERROR or not _as_application(driver):
        return
    written = _written_rows(driver) - row_counts
    missing = {t: n - accounted[t] for t, n in written.items() if t not in NOT_AUDITED and n > accounted[t]}
    if missing:
        raise Unaudited(f"rows without an audit entry (platform/audit/recorder.py): {missing}")
