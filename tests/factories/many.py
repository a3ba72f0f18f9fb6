"""Hundreds of rows for lists, inserted by the database in one statement each."""

from sqlalchemy import text

from app.platform.database.transaction import Database
from tests.factories.bulk_clone import copy_rows
from tests.factories.network import World


def many_cohorts(database: Database, world: World, size: int) -> list[int]:
    """Add copies of the cohort, titled ``Série 001`` and so on, one a day; return their ids."""
    with database.as_owner() as db:
        titles = [f"Série {rank:03}" for rank in range(1, size + 1)]
        columns = (
            "'title', v, 'code', 'S-' || right(v, 3), 'search_key', 'serie ' || right(v, 3), "
            "'starts_on', r.starts_on + right(v, 3)::int, 'ends_on', r.ends_on + right(v, 3)::int"
        )
        ids = copy_rows(db, "cohort", columns, "r.id = :it", titles, it=world.cohort)
        db.execute(text("analyze cohort"))
        return ids


def many_enterprises(database: Database, world: World, first: int, size: int) -> list[int]:
    """Add copies of an enterprise, named ``Atelier 001`` and so on, without a number of their own; return their ids."""
    with database.as_owner() as db:
        names = [f"Atelier {rank:03}" for rank in range(1, size + 1)]
        columns = "'name', v, 'search_key', lower(v), 'neq', null::text"
        ids = copy_rows(db, "enterprise", columns, "r.id = :it", names, it=first)
        db.execute(text("analyze enterprise"))
        return ids
