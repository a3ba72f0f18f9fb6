"""Nobody acts on their own case: the people whom written rows are about, compared with the actor before the commit.

A row is about the person that its ``person_id`` names, else about those that it reaches through its foreign keys: a
line of a roll call through its enrolment, a countersignature through the hours and their enrolment. So a new table is
covered when it refers to one that is, and no service has to remember the rule.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKeyConstraint, Table
from sqlmodel import SQLModel

from app.platform.database.session import Session, written
from app.platform.security.duties import NOT_ON_ONESELF, own_case

PERSON = "person"


def refuse_oneself(db: Session) -> None:
    """Raise ``Forbidden("own_case")`` when the transaction wrote a row about its actor with such a permission.

    Runs before each commit; the permission is that of the request's route, and none outside a request.
    """
    context = db.actor_context
    if context.permission in NOT_ON_ONESELF and context.person_id in people_of(db, written(db)):
        raise own_case()


def people_of(db: Session, rows: Sequence[Any]) -> set[int]:
    """Return the ids of the people whom rows are about: at most one statement, whatever they refer to."""
    people: set[int] = set()
    own = {(row.__table__.name, getattr(row, "id", None)) for row in rows}
    referred: dict[Table, set[int]] = defaultdict(set)
    for row in rows:
        for column, parent in links(row.__table__):
            value = getattr(row, column)
            if value is not None and parent is None:
                people.add(value)
            elif value is not None and parent is not None and (parent.name, value) not in own:
                referred[parent].add(value)
    if referred:
        tables = tuple(sorted(referred, key=lambda table: table.name))
        ids = {_ids_of(table): sorted(referred[table]) for table in tables}
        people.update(db.execute(_people_behind(tables), ids).scalars())
    return people


@cache
def _people_behind(tables: tuple[Table, ...]) -> sa.CompoundSelect[int]:
    """Return the statement of the people whom rows of some tables are about, their ids bound by :func:`_ids_of`."""
    statements = []
    for table in tables:
        ids = sa.bindparam(_ids_of(table), type_=sa.ARRAY(sa.Integer))
        statements += [
            sa.select(person).select_from(joined).where(table.c.id == sa.any_(ids), person.is_not(None))
            for joined, person in _ways(table)
        ]
    return sa.union(*statements)


def _ids_of(table: Table) -> str:
    return f"{table.name}_ids"


def _ways(table: Table) -> Iterator[tuple[sa.FromClause, sa.ColumnElement[int]]]:
    """Yield each way from a table to people: the tables joined, and the column that holds the person's id."""
    for column, parent in links(table):
        if parent is None:
            yield table, table.c[column]
            continue
        for joined, person in _ways(parent):
            yield sa.join(joined, table, parent.c.id == table.c[column]), person


@cache
def links(table: Table) -> tuple[tuple[str, Table | None], ...]:
    """Return the columns through which a table's rows are about someone, each with the table that it leads to.

    ``None`` instead of a table: the column holds the person's id. Columns such as ``recorded_by`` name who acted, not
    whom the row is about; a column that refers to its own table leads back to rows of the same people.
    """
    if table.name == PERSON:
        return (("id", None),)
    if "person_id" in table.c:
        return (("person_id", None),)
    found = []
    for constraint in sorted(table.foreign_key_constraints, key=lambda c: str(c.name)):
        parent = constraint.referred_table
        column = _column_of_id(constraint)
        if parent is not table and parent.name != PERSON and column is not None and links(parent):
            found.append((column, parent))
    return tuple(found)


def _column_of_id(constraint: ForeignKeyConstraint) -> str | None:
    """Return the column that refers to the parent's ``id``, beside its college in a composite key."""
    return next((e.parent.name for e in constraint.elements if e.column.name == "id"), None)


def about_someone() -> dict[str, tuple[tuple[str, Table | None], ...]]:
    """Return every table with its links: those without any are about nobody in particular."""
    return {name: links(table) for name, table in sorted(SQLModel.metadata.tables.items())}
