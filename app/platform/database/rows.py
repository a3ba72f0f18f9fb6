"""The base class of tables with an ``id``, and queries that any feature needs."""

from collections.abc import Callable, Sequence
from datetime import UTC as UTC_ZONE
from datetime import date, datetime
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import JSON, ColumnElement, Date, Enum, Executable, Select, Table, exists, func, select
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

from app.platform.database.session import Session
from app.platform.database.types import UTC

Columns: TypeAlias = Select[*tuple[Any, ...]]
"""A statement that selects columns."""


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


class Together:
    """Statements that are sent as one, which returns the rows of each as JSON; made once, before it is used."""

    def __init__(self, *statements: Columns) -> None:
        parts = [statement.subquery() for statement in statements]
        rows = [func.json_agg(func.json_build_array(*part.c), type_=JSON) for part in parts]
        self._statement = select(*(select(of_part).scalar_subquery() for of_part in rows))
        self._converters = [[_from_json(column.type) for column in part.c] for part in parts]

    def fetch(self, db: Session, **values: object) -> list[list[list[Any]]]:
        """Return the rows of each statement, each row as the list of its values."""
        answers = db.execute(self._statement, values).one()
        return [
            [[convert(value) for convert, value in zip(converters, row, strict=True)] for row in answer or ()]
            for converters, answer in zip(self._converters, answers, strict=True)
        ]


def _from_json(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """Return what makes the value of a column from its JSON."""
    if isinstance(kind, UTC):
        return lambda text: None if text is None else datetime.fromisoformat(text).astimezone(UTC_ZONE)
    if isinstance(kind, Date):
        return lambda text: None if text is None else date.fromisoformat(text)
    if isinstance(kind, Enum) and kind.enum_class is not None:
        members = kind.enum_class
        return lambda text: None if text is None else members(text)
    return lambda value: value
