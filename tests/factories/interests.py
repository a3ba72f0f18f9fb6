"""Interests declared in the small network, through their own service."""

import sqlalchemy as sa

from app.accompaniment.enterprises.models import Enterprise
from app.grading.conflicts import service
from app.grading.conflicts.schemas import Declare
from app.network.service import see_college
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.conftest import RING
from tests.factories.grading import open_mandate
from tests.factories.network import World, acting

NEQ = "1166778899"
DETAIL = "Mon frère en est l’actionnaire principal."


def declare(database: Database, world: World, who: str = "trainer", **given: object) -> None:
    """Declare an interest for the present term."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.INTEREST_DECLARE)
        college = see_college(db, actor, world.alma)
        service.declare(db, RING, actor, college, Declare.model_validate(given))


def declare_maude(database: Database, world: World, who: str = "trainer") -> None:
    """Declare an interest in Maude."""
    declare(database, world, who, kind="person", about_id=world.people["maude"], detail=DETAIL)


def enterprise_of_maude(database: Database, world: World) -> None:
    """Give Maude a mandate in an enterprise of that number."""
    open_mandate(database, world)
    with database.as_owner() as db:
        db.execute(sa.update(Enterprise).values(neq=NEQ))
