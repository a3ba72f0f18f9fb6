"""The generator of large networks: the same rows each time, in which every rule of the application holds."""

from sqlalchemy import text

from app.cohorts.enums import EnrolmentState
from app.platform.database.transaction import Database
from app.progress.service import mismatches
from bench.network import enlarge
from tests.factories import eligible
from tests.factories.accompaniment import open_mandate
from tests.factories.cohorts import called, meeting, move
from tests.factories.network import World

TOTALS = """
    select (select count(*) from enrolment), (select count(distinct person_id) from enrolment),
           (select count(*) from cohort)
"""


def filled(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.achieve(database, world, "maude")
    called(database, world, meeting(database, world), absent=("karim",))
    open_mandate(database, world)
    move(database, world, world.enrolments["yves"], EnrolmentState.WITHDRAWN, reason="Départ.")


def test_enlarged_network_progress_of_every_copy_is_what_its_facts_give(database: Database, world: World) -> None:
    filled(database, world)
    with database.as_owner() as db:
        enlarge(db, 60)
    with database.as_owner() as db:
        enrolments, people, cohorts = db.execute(text(TOTALS)).one()
        assert (enrolments, people, cohorts) == (60, 60, 24)
        assert mismatches(db) == []
        states = db.execute(text("select state, count(*) from enrolment group by state order by state")).all()
        assert states == [("active", 48), ("withdrawn", 12)]


def test_enlarged_network_every_foreign_key_holds(database: Database, world: World) -> None:
    """They were not checked while rows were copied: they are dropped and made again here."""
    filled(database, world)
    with database.as_owner() as db:
        enlarge(db, 20)
        keys = db.execute(text(
            "select conrelid::regclass::text as of_table, conname, pg_get_constraintdef(oid) as definition"
            " from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace"
        )).all()  # fmt: skip
        for key in keys:
            db.execute(text(f'alter table {key.of_table} drop constraint "{key.conname}"'))
            db.execute(text(f'alter table {key.of_table} add constraint "{key.conname}" {key.definition}'))
    assert len(keys) > 100


def test_enlarged_network_leaves_ids_for_the_next_row(database: Database, world: World) -> None:
    with database.as_owner() as db:
        enlarge(db, 20)
    meeting(database, world)
