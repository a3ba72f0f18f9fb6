"""Holds on the certificates of people of the small network."""

from app.cohorts.enrolments.service import see_enrolment
from app.holds import service
from app.holds.schemas import LiftHold, NewHold
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories.network import World, acting

REASON = "Frais de dossier à acquitter."


def hold_certificates(
    database: Database,
    world: World,
    who: str = "maude",
    *,
    enrolment_id: int | None = None,
    whole_college: bool = False,
) -> int:
    """Open a hold for a formality as the registrar, and return its id."""
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.HOLD_MANAGE)
        enrolment = see_enrolment(db, actor, enrolment_id or world.enrolments[who])
        command = NewHold(reason=REASON, whole_college=whole_college)
        return service.open_formality(db, actor, enrolment, command).id


def lift_hold(database: Database, world: World, hold_id: int) -> None:
    """Lift a hold as the registrar."""
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.HOLD_MANAGE)
        service.lift(db, actor, service.see_hold(db, actor, hold_id), LiftHold(reason="Acquittés."))
