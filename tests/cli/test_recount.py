"""``escouade recount``: what it prints, what it mends, its status."""

from sqlalchemy import text

from app.platform.database.transaction import Database
from tests.cli.conftest import Escouade
from tests.factories.network import World


def test_recount_says_what_differs_and_writes_it_when_asked(
    escouade: Escouade, database: Database, world: World
) -> None:
    assert escouade(database, "recount").status == 0
    with database.engine.begin() as owner:
        owner.execute(text("update cohort set seated = 7 where id = :id"), {"id": world.cohort})
    found = escouade(database, "recount")
    assert found.status == 1
    assert f"✗ Places prises dans les cohortes : 1 écart\n    {world.cohort} : 7 au lieu de 4" in found.out
    assert "✓ Sommes des rapports et des indicateurs" in found.out
    mended = escouade(database, "recount", "--write")
    assert (mended.status, "1 écart corrigé" in mended.out) == (0, True)
    assert escouade(database, "recount").status == 0
