"""Column types, the naming convention of constraints, and the table arguments of college-owned tables."""

from collections.abc import Iterable
from datetime import UTC as UTC_ZONE
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKeyConstraint,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTC(TypeDecorator[datetime]):
    """The column type of a moment: ``timestamptz``, always aware in Python; a naive value is refused (BR-30)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the value for the database; raise ``ValueError`` for a moment without a time zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        return value.astimezone(UTC_ZONE) if value is not None else None


def by_value(kind: type[StrEnum], name: str | None = None) -> Enum:
    """Return an enum type stored by value as text, with a CHECK; ``name`` separates two of one kind in a table."""
    return Enum(
        kind,
        native_enum=False,
        length=40,
        create_constraint=True,
        name=name or kind.__name__.lower(),
        values_callable=lambda members: [m.value for m in members],
        validate_strings=True,
    )


def moment(*, index: bool = False) -> Any:  # noqa: ANN401 - SQLModel's Field is untyped by design
    """Return a required moment column."""
    return Field(sa_type=UTC, nullable=False, index=index)


def moment_or_none() -> Any:  # noqa: ANN401
    """Return an optional moment column."""
    return Field(default=None, sa_type=UTC, nullable=True)


def owned(*parents: tuple[str, str], extra: Iterable[SchemaItem] = ()) -> tuple[SchemaItem, ...]:
    """Return the table arguments of a college-owned table, whose children refer to the key ``(id, college_id)``.

    Each parent is ``(column, table)``: the row has its parent's college, so that the database itself refuses a
    reference from one college to another.
    """
    links = (
        ForeignKeyConstraint([column, "college_id"], [f"{table}.id", f"{table}.college_id"])
        for column, table in parents
    )
    return (UniqueConstraint("id", "college_id"), *links, *extra)


def check(name: str, condition: str) -> CheckConstraint:
    """Return a named CHECK constraint."""
    return CheckConstraint(condition, name=name)
