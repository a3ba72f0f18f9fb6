"""Enterprises and mandates of the small network, for tests."""

from datetime import date, timedelta

from app.accompaniment.confirmations import service as confirmations
from app.accompaniment.enterprises import service as enterprises
from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.schemas import EnterpriseShown, NewEnterprise
from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.enums import MilestoneKind
from app.accompaniment.mandates.schemas import MandateShown, MilestoneCommand, NewMandate
from app.cohorts.enrolments.service import see_enrolment
from app.curricula.enums import MandateKind
from app.network.service import see_college
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from tests.factories.network import World, acting

TODAY = today()
NEQ = "1166000001"


def new_enterprise(name: str = "Scierie du Lac", neq: str | None = NEQ) -> NewEnterprise:
    """Return a small enterprise of Saguenay–Lac-Saint-Jean."""
    return NewEnterprise(name=name, neq=neq, sector="Bois", size=EnterpriseSize.SMALL, region_code="02")


def add_enterprise(
    database: Database, world: World, command: NewEnterprise, who: str = "coordinator"
) -> EnterpriseShown:
    """Add an enterprise as a college's coordinator."""
    college_id = world.rouyn if who.startswith("other") else world.alma
    with database.transaction() as db:
        actor = acting(db, world, who, P.ENTERPRISE_MANAGE)
        return enterprises.add_enterprise(db, actor, see_college(db, actor, college_id), command)


def open_mandate(
    database: Database, world: World, who: str = "maude", by: str | None = None, **how: object
) -> MandateShown:
    """Open a mandate of a participant, by themselves or ``by`` another, in a new enterprise or as ``how`` names it."""
    how = how or {"enterprise": new_enterprise()}
    command = NewMandate(kind=MandateKind.orientation, title="Boutique en ligne", **how)
    with database.transaction() as db:
        actor = acting(db, world, by or who, P.MANDATE_MANAGE)
        advisor = see_enrolment(db, actor, world.enrolments[who])
        return mandates.open_mandate(db, actor, [advisor], command)


def record_milestone(
    database: Database, world: World, mandate_id: int, kind: MilestoneKind, on: date | None = None, **how: object
) -> MandateShown:
    """Record a milestone as Maude, or as ``who``."""
    who = str(how.pop("who", "maude"))
    command = MilestoneCommand(
        kind=kind,
        happened_on=on or TODAY,
        confidentiality_clause=kind is MilestoneKind.AGREEMENT,
        supersedes=how.pop("supersedes", None),
    )
    with database.transaction() as db:
        actor = acting(db, world, who, P.MANDATE_MANAGE)
        ref = mandates.see_mandate(db, actor, mandate_id)
        return mandates.record_milestone(db, actor, ref, command)


def accompany(database: Database, world: World, mandate_id: int, who: str = "maude") -> MandateShown:
    """Record the three milestones, a day apart, the last one today; the coordinator confirms them."""
    for days, kind in ((2, MilestoneKind.AGREEMENT), (1, MilestoneKind.DIAGNOSTIC), (0, MilestoneKind.PLAN)):
        shown = record_milestone(database, world, mandate_id, kind, TODAY - timedelta(days=days), who=who)
    return confirm_milestones(database, world, shown)


def confirm_milestones(
    database: Database, world: World, mandate: MandateShown, who: str = "coordinator"
) -> MandateShown:
    """Confirm what a mandate's milestones still lack."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.MANDATE_CONFIRM)
        for milestone in (m for m in mandate.milestones if not m.is_confirmed):
            confirmations.confirm(db, actor, confirmations.see_milestone(db, actor, milestone.id))
        return mandates.mandate(db, mandates.see_mandate(db, actor, mandate.id))
