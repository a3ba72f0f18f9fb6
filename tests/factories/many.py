"""Hundreds of rows for lists, inserted by the database in one statement each."""

from sqlalchemy import text

from app.platform.database.transaction import Database
from bench.network import copy_rows
from tests.factories.network import World


def many_cohorts(database: Database, world: World, size: int) -> list[int]:
    """Add copies of the cohort, titled ``Série 001`` and so on, one a day; return their ids."""
    rank = "to_char(k, 'FM9999000')"
    changed = {
        "title": f"'Série ' || {rank}", "code": f"'S-' || {rank}", "search_key": f"'serie ' || {rank}",
        "starts_on": "r.starts_on + k", "ends_on": "r.ends_on + k",
    }  # fmt: skip
    return _copies(database, "cohort", world.cohort, size, changed)


def many_enterprises(database: Database, world: World, first: int, size: int) -> list[int]:
    """Add copies of an enterprise, named ``Atelier 001`` and so on, without a number of their own; return their ids."""
    rank = "to_char(k, 'FM9999000')"
    changed = {"name": f"'Atelier ' || {rank}", "search_key": f"'atelier ' || {rank}", "neq": "null"}
    return _copies(database, "enterprise", first, size, changed)


def _copies(database: Database, table: str, first: int, size: int, changed: dict[str, str]) -> list[int]:
    """Copy one row alone, and return the ids of its copies."""
    with database.as_owner() as db:
        stride = copy_rows(db, {table: f"r.id = {first}"}, size, changed={table: changed}, alone=True)[table]
        db.execute(text(f"analyze {table}"))
    return [first + copy * stride for copy in range(1, size + 1)]
