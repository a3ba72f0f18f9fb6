"""The connections of requests: each begins its transaction when it is taken, and keeps nothing for the next request."""

from functools import partial
from typing import Any

from psycopg import OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState

from app.platform.database.time_limits import JOB, REQUEST, TimeLimits
from app.platform.observability import metrics
from app.platform.observability.figures import count_statement

UNPREPARED = {"unprepared": True}
"""Keeps a statement from being prepared under a name, which SQL on the same connection could take over."""
_FORGET = b"""
    reset all; close all; unlisten *;
    select pg_catalog.pg_advisory_unlock_all(),
           exists (select from pg_catalog.pg_prepared_statements where from_sql) as altered
"""
"""What a session keeps after its transaction; the last column says whether a statement was prepared by SQL."""
_FATAL = "FATAL"
"""Begins the server's refusal of a connection; one in another word counts as no answer, and is shown whole."""
_ALTERED = "altered"
"""Under this name a connection that has forgotten keeps that answer until its reset."""


class RequestDialect(PGDialect_psycopg):
    """PostgreSQL as requests use it: a commit also makes the connection forget, in one round trip."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Note that the connection has something to forget again."""
        dbapi_connection.info.pop(_ALTERED, None)

    def do_commit(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Commit and forget."""
        connection: Any = dbapi_connection.driver_connection
        dbapi_connection.info[_ALTERED] = _forget_after(connection, b"commit;")

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:  # noqa: ANN401
        """Execute a statement, unprepared where it asks for that."""
        unprepared = context is not None and context.execution_options.get("unprepared")
        cursor.execute(statement, parameters, prepare=False if unprepared else None)


registry.register("postgresql.requests", __name__, RequestDialect.__name__)


def engine_of(url: str | URL, **options: Any) -> Engine:  # noqa: ANN401 - options of create_engine
    """Return an engine whose errors hide the values of statements, and whose statements are counted."""
    engine = create_engine(url, hide_parameters=True, **options)
    event.listen(engine, "before_cursor_execute", count_statement)
    return engine


def refused_role(error: Exception) -> str | None:
    """Return whom the server refused to connect, for a password, a name or else; ``None`` where it did not answer."""
    cause = _driver_error(error)
    attempt = getattr(cause, "pgconn", None)
    return None if attempt is None or _FATAL not in str(cause) else str(attempt.user.decode())


def answer_of(error: Exception) -> str:
    """Return what the server answered, else what the driver says, in one line."""
    lines = str(_driver_error(error)).strip().splitlines() or [""]
    return next((line.partition(_FATAL)[2].strip(": ") for line in lines if _FATAL in line), lines[0])


def _driver_error(error: Exception) -> Exception:
    cause: Exception | None = getattr(error, "orig", None)
    return cause or error


def conninfo(url: str, *, password: bool = True) -> str:
    """Return the address as libpq, psycopg and PostgreSQL's programs take it, without the password if asked."""
    address = make_url(url)
    _, parameters = address.get_dialect()().create_connect_args(address)
    if not password:
        parameters.pop("password", None)
    return make_conninfo(**parameters)


def request_engine(
    url: str,
    limits: TimeLimits = REQUEST,
    *,
    is_pooled: bool = False,
    **pool: Any,  # noqa: ANN401 - options of create_engine
) -> Engine:
    """Return the engine of requests: what one leaves in its connection is gone before another gets it.

    Behind a pooler (``is_pooled``) no statement is prepared under a name, which costs some time.
    """
    address = make_url(url).set(drivername="postgresql+requests")
    engine = engine_of(address, pool_reset_on_return=None, connect_args=_arguments(is_pooled), **pool)
    event.listen(engine, "checkout", partial(_begin, f"begin; {limits.sql}".encode()))
    event.listen(engine, "reset", _forget)
    event.listen(engine, "checkout", metrics.connection_taken)
    event.listen(engine, "checkin", metrics.connection_returned)
    return engine


def _arguments(is_pooled: bool) -> dict[str, Any]:
    return {"prepare_threshold": None} if is_pooled else {}


def owner_engine(url: str, *, is_pooled: bool = False, **pool: Any) -> Engine:  # noqa: ANN401 - of create_engine
    """Return the engine of the tables' owner, for jobs and commands; of jobs it may be behind a pooler too."""
    engine = engine_of(url, pool_pre_ping=True, connect_args=_arguments(is_pooled), **pool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(JOB.sql))
    return engine


def _begin(
    statement: bytes,
    connection: Any,  # noqa: ANN401 - psycopg's
    _record: ConnectionPoolEntry,
    _taken: PoolProxiedConnection,
) -> None:
    """Begin the transaction, which also tells whether the connection is alive: the pool replaces a dead one."""
    answer = connection.pgconn.exec_(statement)
    if answer.status != ExecStatus.COMMAND_OK:
        raise DisconnectionError(answer.error_message)


def _forget(connection: Any, record: ConnectionPoolEntry, _state: PoolResetState) -> None:  # noqa: ANN401 - psycopg's
    """Roll back and forget, unless a commit did; close a connection with a statement that SQL prepared.

    Such a statement may bear a name that the driver uses: an honest query would then do what another request wrote.
    """
    altered = record.info.pop(_ALTERED, None)
    status = connection.pgconn.transaction_status
    if altered is None or status != TransactionStatus.IDLE:
        altered = _forget_after(connection, b"" if status == TransactionStatus.IDLE else b"rollback;")
    if altered:
        record.invalidate()


def _forget_after(connection: Any, end: bytes) -> bool:  # noqa: ANN401 - psycopg's
    """End the transaction and forget; return whether SQL prepared a statement."""
    answer = connection.pgconn.exec_(end + _FORGET)
    if answer.status != ExecStatus.TUPLES_OK:
        error = error_from_result(answer, connection.info.encoding)
        if error.sqlstate is None:  # nothing that the server said: the connection is lost
            raise OperationalError(str(error))
        raise error
    return bool(answer.get_value(0, 1) != b"f")
