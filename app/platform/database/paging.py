"""Pages of a list, selected and counted by the database (docs/decisions)."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, SQLColumnExpression, func

from app.platform.database.session import Session
from app.platform.paging import PAGE_SIZE, ListQuery, Page, last_page

Orders = Mapping[Any, Sequence[SQLColumnExpression[Any]]]
"""For each sort key the columns to sort by: the only ones that an address can name."""


def fetch_page(
    db: Session,
    statement: sa.Select[*tuple[Any, ...]],
    query: ListQuery,
    orders: Orders,
    key: SQLColumnExpression[int],
    *,
    size: int = PAGE_SIZE,
    counted: sa.Select[*tuple[Any, ...]] | None = None,
) -> Page[Any]:
    """Return the page that ``query`` asks for, as named tuples, in two statements whatever the number of rows.

    ``key`` is the id of a row, a column of the table that the statement begins with: it makes the order total, so that
    no row stands on two pages or on none. Absent values come last both ways. A page beyond the end, where rows have
    gone since, is the last page. ``counted`` has as many rows as ``statement`` with fewer joins, where there are many.
    """
    total = db.execute((statement if counted is None else counted).with_only_columns(func.count(key))).scalar_one()
    number = min(query.page, last_page(total, size))
    if not total:
        return Page((), 0, 1, size)
    columns = (*orders[query.sort], key)
    skipped = (number - 1) * size
    length = min(size, total - skipped)
    from_end = skipped > total // 2  # what is skipped is read: the shorter way
    ordered = [_ordered(column, descending=query.descending, backwards=from_end) for column in columns]
    selected = statement.order_by(*ordered).limit(length).offset(total - skipped - length if from_end else skipped)
    rows = db.execute(selected).all()
    return Page(tuple(reversed(rows) if from_end else rows), total, number, size)


def _ordered(column: SQLColumnExpression[Any], *, descending: bool, backwards: bool) -> sa.UnaryExpression[Any]:
    """Return a column as ``order by`` takes it, or its opposite.

    Only a column that may be absent says where absent values go: no index serves an order that says it.
    """
    order = column.desc() if descending != backwards else column.asc()
    if not getattr(column, "nullable", True):
        return order
    return order.nulls_first() if backwards else order.nulls_last()


def contains_words(column: SQLColumnExpression[str], words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that a search key contains each of the words."""
    return [column.contains(word, autoescape=True) for word in words]
