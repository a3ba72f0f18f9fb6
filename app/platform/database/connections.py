"""The connections of requests, which keep nothing from one request to the next."""

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

from app.platform.observability.figures import count_statement

_FORGET = b"""
    reset all; close all; unlisten *;
    select pg_catalog.pg_advisory_unlock_all(),
           exists (select from pg_catalog.pg_prepared_statements where from_sql) as altered
"""
"""What a session keeps after its transaction; the last column says whether a statement was prepared by SQL."""


def engine_of(url: str, **options: Any) -> Engine:  # noqa: ANN401 - options of create_engine
    """Return an engine whose errors hide the values of statements, and whose statements are counted."""
    engine = create_engine(url, hide_parameters=True, **options)
    event.listen(engine, "before_cursor_execute", count_statement)
    return engine


def request_engine(url: str, **pool: Any) -> Engine:  # noqa: ANN401 - options of create_engine
    """Return the engine of requests: what one leaves in its connection is gone before another gets it."""
    engine = engine_of(url, pool_pre_ping=True, pool_reset_on_return=None, **pool)
    event.listen(engine, "reset", _forget)
    event.listen(engine, "do_execute", _execute)
    return engine


def _forget(connection: Any, record: ConnectionPoolEntry, _state: PoolResetState) -> None:  # noqa: ANN401 - psycopg's
    """Roll back and forget, in one round trip; close a connection with a statement that SQL prepared.

    Such a statement may bear a name that the driver uses: an honest query would then do what another request wrote.
    """
    server = connection.pgconn
    in_transaction = server.transaction_status != 0
    answer = server.exec_((b"rollback;" if in_transaction else b"") + _FORGET)
    if answer.error_message or answer.get_value(0, 1) != b"f":
        record.invalidate()


def _execute(cursor: DBAPICursor, statement: str, parameters: Any, context: ExecutionContext) -> bool:  # noqa: ANN401
    """Execute a statement that must not be prepared; leave the others to the dialect."""
    if not context.execution_options.get("unprepared"):
        return False
    cursor.execute(statement, parameters, prepare=False)  # type: ignore[call-arg]  # psycopg's own
    return True
