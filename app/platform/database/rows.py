"""The base class of tables with an ``id``, and queries that any feature needs."""

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
    """Base of the tables with an integer key; the database assigns ``id`` when the row is flushed."""

    id: int = Field(default=None, primary_key=True)


@cache
def not_superseded(model: type[SQLModel]) -> ColumnElement[bool]:
    """Return the condition that no row of an append-only table supersedes this one."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    later = table.alias(f"later_{table.name}")
    return ~exists().where(later.c.supersedes_id == table.c.id)


def fetch_all(db: Session, statement: Executable, **values: object) -> Sequence[Any]:
    """Return all rows of a statement, as named tuples."""
    return db.execute(statement, values).all()
