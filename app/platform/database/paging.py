"""Pages of a list, selected and counted by the database: bounded, however long the list (docs/decisions/0017)."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, SQLColumnExpression, func, tuple_

from app.platform.database.session import Session
from app.platform.errors import Invalid, Reason
from app.platform.paging import COUNTED, PAGE_SIZE, ListQuery, Page, last_page

Orders = Mapping[Any, Sequence[SQLColumnExpression[Any]]]
"""For each sort key the columns to sort by: the only ones that an address can name."""

Rows = sa.Select[*tuple[Any, ...]]


def fetch_page(
    db: Session,
    statement: Rows,
    query: ListQuery,
    orders: Orders,
    key: SQLColumnExpression[int],
    *,
    size: int = PAGE_SIZE,
    counted: Rows | None = None,
) -> Page[Any]:
    """Return the page that ``query`` asks for, as named tuples, in two statements, or three after a given row.

    ``key`` is the id of a row, a column that the statement selects: it makes the order total, so that no row stands on
    two pages or on none. Absent values come last both ways. Rows are counted to ``COUNTED``; pages beyond begin after
    the last row before them. A page beyond the end, where rows have gone since, is the last page. ``counted`` has as
    many rows as ``statement`` with fewer joins, where there are many.
    """
    columns = (*orders[query.sort], key)
    anchor = None if query.apres is None else _position(db, statement, columns, key, query.apres)
    rest = [] if anchor is None else [_beyond(columns, anchor, descending=query.descending)]
    source = statement if counted is None or rest else counted
    found = count_rows(db, source.where(*rest), key)
    total, is_more = min(found, COUNTED), found > COUNTED
    number = min(query.page, last_page(total, size))
    rows: Sequence[Any] = ()
    if total:
        ordered = [_ordered(column, descending=query.descending) for column in columns]
        selected = statement.where(*rest).order_by(*ordered).limit(size).offset((number - 1) * size)
        rows = db.execute(selected).all()
    is_last = is_more and number == last_page(total, size)
    return Page(
        tuple(rows),
        total,
        number,
        size,
        is_more=is_more or bool(rest),
        is_rest=bool(rest),
        next_key=_id_of(rows[-1], key) if rows and is_last else None,
    )


def count_rows(db: Session, statement: Rows, key: SQLColumnExpression[int]) -> int:
    """Return how many rows a statement selects; of more than ``COUNTED``, one more than that."""
    counting = statement.with_only_columns(key).order_by(None).limit(COUNTED + 1).subquery()
    return int(db.execute(sa.select(func.count()).select_from(counting)).scalar_one())


def fetch_after(
    db: Session,
    statement: Rows,
    columns: Sequence[SQLColumnExpression[Any]],
    key: SQLColumnExpression[int],
    *,
    after: int | None,
    limit: int,
    descending: bool = False,
) -> tuple[Sequence[Any], int | None]:
    """Return the rows after the one of id ``after``, ``limit`` at most, and the id to go on after, for the API.

    Raise ``Invalid`` where ``after`` names no row of the list.
    """
    columns = (*columns, key)
    if after is not None:
        position = _position(db, statement, columns, key, after)
        if position is None:
            raise Invalid("invalid", Reason("unknown_place", field="after"))
        statement = statement.where(_beyond(columns, position, descending=descending))
    ordered = [_ordered(column, descending=descending) for column in columns]
    rows = db.execute(statement.order_by(*ordered).limit(limit + 1)).all()
    return rows[:limit], _id_of(rows[limit - 1], key) if len(rows) > limit else None


def _id_of(row: Any, key: SQLColumnExpression[int]) -> int:  # noqa: ANN401 - a named tuple, or one of objects
    """Return the id of a selected row, whose first column is its object where it selects objects."""
    found: int = row._mapping[key] if key in row._mapping else row[0].id
    return found


def _position(
    db: Session, statement: Rows, columns: Sequence[SQLColumnExpression[Any]], key: SQLColumnExpression[int], id_: int
) -> Sequence[Any] | None:
    """Return the values that a list sorts one of its rows by; ``None`` where it is not in the list."""
    named: list[Any] = [column.label(f"position_{n}") for n, column in enumerate(columns)]  # the key may stand twice
    return db.execute(statement.with_only_columns(*named).where(key == id_)).first()


def _beyond(
    columns: Sequence[SQLColumnExpression[Any]], position: Sequence[Any], *, descending: bool
) -> ColumnElement[bool]:
    """Return the condition that a row comes after a position in the order."""
    if not any(_may_be_absent(column) for column in columns):
        row, place = tuple_(*columns), tuple_(*map(sa.literal, position))
        after: ColumnElement[bool] = row.op("<" if descending else ">", is_comparison=True)(place)
        first, value = columns[0], position[0]  # said again of the first column, which an index finds by itself
        return sa.and_(after, first <= value if descending else first >= value)
    column, value, rest = columns[0], position[0], columns[1:]
    later: ColumnElement[bool] = column < value if descending else column > value
    if not rest:
        return later
    following = _beyond(rest, position[1:], descending=descending)
    if value is None:
        return column.is_(None) & following
    same: ColumnElement[bool] = (column == value) & following
    return sa.or_(later, column.is_(None), same)


def _ordered(column: SQLColumnExpression[Any], *, descending: bool) -> sa.UnaryExpression[Any]:
    """Return a column as ``order by`` takes it.

    Only a column that may be absent says where absent values go: no index serves an order that says it.
    """
    order = column.desc() if descending else column.asc()
    return order.nulls_last() if _may_be_absent(column) else order


def _may_be_absent(column: SQLColumnExpression[Any]) -> bool:
    return bool(getattr(column, "nullable", True))


_ACCENTED = {chr(code): unicodedata.normalize("NFD", chr(code))[0] for code in range(0xE0, 0x100)}
"""The small letters of Latin-1, each with the one that people type for it."""


def folded(column: SQLColumnExpression[str]) -> SQLColumnExpression[str]:
    """Return a short text without case or French accents, for tables that keep no search key."""
    return func.translate(func.lower(column), "".join(_ACCENTED), "".join(_ACCENTED.values()))


def contains_words(column: SQLColumnExpression[str], words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that a search key contains each of the words."""
    return [column.contains(word, autoescape=True) for word in words]
