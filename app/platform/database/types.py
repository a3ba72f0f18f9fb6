"""The database: column types, the engine, and the one place where a transaction begins and ends.

A request is one transaction, committed before its response is sent (docs/decisions/0002). It runs as the
application role with the actor's colleges set, so row-level security stands behind every query
(docs/decisions/0004). ``written()`` is what a transaction has written: the progress projection derives from
it which enrolments to fold again.
"""

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
    """A moment: stored as ``timestamptz``, aware on both sides; a naive value is refused (BR-30)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give it back in UTC."""
        return value.astimezone(UTC_ZONE) if value is not None else None


def by_value(kind: type[StrEnum], name: str | None = None) -> Enum:
    """An enum column stored by value in text, with a CHECK; ``name`` tells two of one kind in a table apart."""
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
    """A required moment column."""
    return Field(sa_type=UTC, nullable=False, index=index)


def moment_or_none() -> Any:  # noqa: ANN401
    """An optional moment column."""
    return Field(default=None, sa_type=UTC, nullable=True)


def owned(*parents: tuple[str, str], extra: Iterable[SchemaItem] = ()) -> tuple[SchemaItem, ...]:
    """Table arguments of a college-owned table: ``(id, college_id)`` is a key that children refer to.

    Each parent is ``(column, table)``: the child carries the parent's college, so the database itself
    refuses a link from one college to another.
    """
    links = (
        ForeignKeyConstraint([column, "college_id"], [f"{table}.id", f"{table}.college_id"])
        for column, table in parents
    )
    return (UniqueConstraint("id", "college_id"), *links, *extra)


def check(name: str, condition: str) -> CheckConstraint:
    """A named CHECK."""
    return CheckConstraint(condition, name=name)
