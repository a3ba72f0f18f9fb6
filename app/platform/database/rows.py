"""The database: column types, the engine, and the one place where a transaction begins and ends.

A request is one transaction, committed before its response is sent (docs/decisions/0002). It runs as the
application role with the actor's colleges set, so row-level security stands behind every query
(docs/decisions/0004). ``written()`` is what a transaction has written: the progress projection derives from
it which enrolments to fold again.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Table,
    exists,
)
from sqlmodel import Field, SQLModel

from app.platform.database.session import Session


class Row(SQLModel):
    """A row of a table; the database gives its ``id`` when it is flushed."""

    id: int = Field(default=None, primary_key=True)


@cache
def not_superseded(model: type[SQLModel]) -> ColumnElement[bool]:
    """That no row of an append-only table supersedes this one: the last word on its matter."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    later = table.alias(f"later_{table.name}")
    return ~exists().where(later.c.supersedes_id == table.c.id)


def fetch_all(db: Session, statement: Executable, **values: object) -> Sequence[Any]:
    """All rows of a statement, as tuples with names."""
    return db.execute(statement, values).all()
