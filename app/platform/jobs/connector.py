"""The engine's own connections to the database, which outlast its restarts."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, LiteralString, TypeVar

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from sqlalchemy import Engine

from app.platform.jobs.queue import is_connection_lost

RETRY_SECONDS = 0.5
"""Seconds between two tries of a statement while the database is away."""
POOL: dict[str, Any] = {
    "min_size": 0,
    "max_size": 2,  # statements are short, and each connection takes 5 MB of the server even when it is idle
    "timeout": 2.0,  # seconds until a try without a connection has failed: the next one makes the pool connect again
    "reconnect_timeout": 1.0,  # by default the pool waits ever longer, up to minutes after the database is back
}
CONNECTION = {
    "prepare_threshold": None,  # a pooler gives the next transaction another connection, without what was prepared
    "application_name": "escouade jobs",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds after which a machine that went silent is lost
}
_SCHEMA = "set local search_path = queue"
"""The library names its tables and functions without schema; said in each transaction, as a pooler forgets it after."""
Answer = TypeVar("Answer")
log = logging.getLogger("escouade.worker")


class LastingConnector(PsycopgConnector):
    """Tries each statement again until the database is back, or the worker is told to stop.

    It works through a pooler in transaction mode too: nothing is kept in a connection from one statement to the next.
    Without it, the library's worker ends at the first heartbeat that fails. A statement whose answer was lost may have
    been executed: a job that was fetched so, nobody runs until it is taken back (``engine.py``).
    """

    def __init__(self, engine: Engine) -> None:
        _, parameters = engine.dialect.create_connect_args(engine.url)
        super().__init__(kwargs={**CONNECTION, **parameters}, **POOL)
        self.is_stopping = False
        self.is_away = False

    @asynccontextmanager
    async def _get_cursor(
        self, connection: psycopg.AsyncConnection | None = None
    ) -> AsyncIterator[psycopg.AsyncCursor[dict[str, Any]]]:
        async with super()._get_cursor(connection) as cursor:
            await cursor.execute(_SCHEMA)
            yield cursor

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:  # noqa: ANN401 - the library's
        """Execute a statement; one that ends a job which was taken back meanwhile changes nothing."""
        try:
            await self._until_done(lambda: super(LastingConnector, self).execute_query_async(query, **arguments))
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.errors.RaiseException):
                raise
            log.info("a job was taken back before its end was recorded: %s", error.__cause__)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the only row of a statement."""
        return await self._until_done(lambda: super(LastingConnector, self).execute_query_one_async(query, **arguments))

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        """Return all rows of a statement."""
        return await self._until_done(lambda: super(LastingConnector, self).execute_query_all_async(query, **arguments))

    async def _until_done(self, execute: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return what a statement answers, however long the database is away."""
        while True:
            try:
                answer = await execute()
            except ConnectorException as error:
                if self.is_stopping or error.__cause__ is None or not is_connection_lost(error.__cause__):
                    raise
                if not self.is_away:
                    log.warning("the database is away: %s", " ".join(str(error.__cause__).split()))
                self.is_away = True
                await asyncio.sleep(RETRY_SECONDS)
            else:
                if self.is_away:
                    log.info("the database is back")
                self.is_away = False
                return answer
