"""Field hours for tests, declared and countersigned as people do."""

from app.accompaniment.field_hours.schemas import CountersignCommand, HoursCommand, HoursShown
from app.accompaniment.field_hours.service import countersign, declare_hours, see_hours
from app.cohorts.enrolments.service import see_enrolment
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from tests.factories.network import World, acting


def declare(
    database: Database,
    world: World,
    minutes: int,
    *,
    note: str | None = None,
    who: str = "maude",
    code: str = "GEN-8.A",
    mandate: int | None = None,
) -> tuple[HoursShown, bool]:
    """Declare minutes worked today, as ``who``; whether they are new is second."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.ACTIVITY_DO)
        enrolment = see_enrolment(db, actor, world.enrolments[who])
        command = HoursCommand(activity_code=code, mandate_id=mandate, minutes=minutes, worked_on=today(), note=note)
        return declare_hours(db, actor, enrolment, command)


def decide(
    database: Database,
    world: World,
    hours: HoursShown,
    *,
    accepted: bool,
    reason: str | None = None,
    supersedes: int | None = None,
    who: str = "coordinator",
) -> HoursShown:
    """Accept or refuse declared hours, or supersede such a decision."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.HOURS_COUNTERSIGN)
        command = CountersignCommand(accepted=accepted, reason=reason, supersedes=supersedes)
        return countersign(db, actor, see_hours(db, actor, hours.id), command)
