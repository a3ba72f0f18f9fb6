"""Entries of the directory, as tests write them."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from app.network.service import see_college
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from app.resources.directory.schemas import ResourceContent
from app.resources.directory.service import add_resource
from tests.factories.network import World, acting

ENTRY: dict[str, Any] = {
    "kind": "organisme",
    "name": "Centre d’essai du Piékouagami",
    "verb": "essayer",
    "summary": "Essaie une technologie avec l’entreprise avant l’achat.",
    "regions": ["02"],
    "needs": ["essai-de-technologie"],
    "phone": "418 555-0100",
    "website": "https://essai.organisme.example",
}
CONDITIONS: dict[str, Any] = {
    "eligibility": "Entreprises de moins de 100 personnes.",
    "expenses": "Honoraires et licences, engagés après l’acceptation.",
    "own_share": "La moitié (exemple)",
    "ceiling": "10 000 $ (exemple)",
    "deadline": "En continu",
    "source": "Guide du programme, page 4",
    "consulted_on": date(2026, 11, 2).isoformat(),
}


def content(**changes: object) -> ResourceContent:
    """Return what an entry says."""
    return ResourceContent.model_validate({**ENTRY, **changes})


def add_entry(
    database: Database, world: World, *, who: str = "coordinator", days_ago: int = 0, **changes: object
) -> int:
    """Add an entry of the college of who adds it, verified some days ago; return its id."""
    college_id = world.rouyn if who.startswith("other") else world.alma
    with at(now() - timedelta(days=days_ago)), database.transaction() as db:
        actor = acting(db, world, who, P.RESOURCE_MANAGE)
        return add_resource(db, actor, see_college(db, actor, college_id), content(**changes)).id


def state_of(database: Database, correction_id: int) -> str:
    """Return what became of a correction."""
    with database.engine.connect() as connection:
        found = connection.execute(text("select state from resource_correction where id = :id"), {"id": correction_id})
        return str(found.scalar_one())
