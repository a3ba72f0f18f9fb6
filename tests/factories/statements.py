"""The SQL statements that a block of a test sends to the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.platform.database.transaction import Database


@contextmanager
def recorded_statements(database: Database) -> Iterator[list[str]]:
    """Yield a list that fills with the text of each statement sent, its white space normalised."""
    statements: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(" ".join(statement.split()))

    event.listen(database.request_engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(database.request_engine, "before_cursor_execute", record)
