"""Compute the search keys again (Saint and St, apostrophes, letters without decomposition), and clean names."""

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.platform.search import search_key
from app.platform.text import clean_name

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LENGTH = 600
FORMER = {"person": 420, "enterprise": 420, "cohort": 460}
NAMES = ("legal_first_name", "legal_last_name", "chosen_name")
BATCH = 1000


def upgrade() -> None:
    """Widen the keys and write them again; names lose what nobody sees, unless nothing would be left."""
    for table, length in FORMER.items():
        op.alter_column(table, "search_key", existing_type=sa.String(length), type_=sa.String(LENGTH))
    rewrite("person", NAMES, person)
    rewrite("enterprise", ("name",), lambda row: {"search_key": search_key(row.name)[:LENGTH]})
    rewrite("cohort", ("title", "code", "place"), cohort)


def downgrade() -> None:
    """Keep the keys, cut."""
    for table, length in FORMER.items():
        op.execute(f"update {table} set search_key = left(search_key, {length})")  # noqa: S608 - names of ours
        op.alter_column(table, "search_key", existing_type=sa.String(LENGTH), type_=sa.String(length))


def person(row: Any) -> dict[str, str | None]:  # noqa: ANN401 - a row of the columns above
    """Return the names, cleaned, and their key: the last name first."""
    names = {name: cleaned(getattr(row, name)) for name in NAMES}
    in_order = (names["legal_last_name"], names["legal_first_name"], names["chosen_name"])
    return {**names, "search_key": search_key(" ".join(filter(None, in_order)))[:LENGTH]}


def cohort(row: Any) -> dict[str, str | None]:  # noqa: ANN401
    """Return the key of a cohort."""
    return {"search_key": search_key(f"{row.title} {row.code} {row.place}")[:LENGTH]}


def cleaned(name: str | None) -> str | None:
    """Return a name without what nobody sees, or as it is when it is none."""
    try:
        return clean_name(name or "") or name
    except ValueError:
        return name


def rewrite(table_name: str, columns: tuple[str, ...], change: Callable[[Any], dict[str, str | None]]) -> None:
    """Write what ``change`` returns for each row where it differs, a thousand rows at a time."""
    table = sa.table(table_name, *(sa.column(name) for name in ("id", *columns, "search_key")))
    for rows in batches(table):
        changes = [(row, change(row)) for row in rows]
        changed = [
            {"row_id": row.id, **values}
            for row, values in changes
            if any(getattr(row, name) != value for name, value in values.items())
        ]
        if changed:
            values = {name: sa.bindparam(name) for name in changed[0] if name != "row_id"}
            update = sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(values)
            op.get_bind().execute(update, changed)


def batches(table: sa.TableClause) -> Iterator[list[Any]]:
    """Yield the rows of a table in order of id."""
    last = 0
    while True:
        page = sa.select(table).where(table.c.id > last).order_by(table.c.id).limit(BATCH)
        rows = list(op.get_bind().execute(page))
        if not rows:
            return
        yield rows
        last = rows[-1].id
