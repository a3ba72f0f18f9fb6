"""Enterprises and mandates of the small network."""

from datetime import date, timedelta

from app.access import P
from app.accompaniment import service, service_mandates
from app.accompaniment.models import EnterpriseSize, MilestoneKind
from app.accompaniment.schemas import EnterpriseShown, MandateShown, MilestoneCommand, NewEnterprise, NewMandate
from app.cohorts.service import see_enrolment
from app.curricula.schema import MandateKind
from app.db import Database
from app.network.service import see_college
from app.text import today
from tests.world import World, acting

TODAY = today()
NEQ = "1166000001"


def enterprise(name: str = "Scierie du Lac", neq: str | None = NEQ) -> NewEnterprise:
    """A small enterprise of Saguenay–Lac-Saint-Jean."""
    return NewEnterprise(name=name, neq=neq, sector="Bois", size=EnterpriseSize.SMALL, region_code="02")


def known(database: Database, world: World, command: NewEnterprise, who: str = "coordinator") -> EnterpriseShown:
    """An enterprise that a college's coordinator added."""
    college_id = world.rouyn if who.startswith("other") else world.alma
    with database.transaction() as session:
        actor = acting(session, world, who, P.ENTERPRISE_MANAGE)
        return service.add_enterprise(session, actor, see_college(session, actor, college_id), command)


def opened(database: Database, world: World, who: str = "maude", by: str | None = None, **how: object) -> MandateShown:
    """A mandate of a participant, opened by themselves unless told; a new enterprise unless told."""
    how = how or {"enterprise": enterprise()}
    command = NewMandate(kind=MandateKind.orientation, title="Boutique en ligne", **how)  # type: ignore[arg-type]
    with database.transaction() as session:
        actor = acting(session, world, by or who, P.MANDATE_MANAGE)
        advisor = see_enrolment(session, actor, world.enrolments[who])
        return service_mandates.open_mandate(session, actor, [advisor], command)


def record(
    database: Database, world: World, mandate_id: int, kind: MilestoneKind, on: date | None = None, **how: object
) -> MandateShown:
    """A fact recorded by Maude, or by who is told."""
    who = str(how.pop("who", "maude"))
    command = MilestoneCommand(
        kind=kind,
        happened_on=on or TODAY,
        confidentiality_clause=kind is MilestoneKind.AGREEMENT,
        supersedes=how.pop("supersedes", None),  # type: ignore[arg-type]
    )
    with database.transaction() as session:
        actor = acting(session, world, who, P.MANDATE_MANAGE)
        ref = service_mandates.see_mandate(session, actor, mandate_id)
        return service_mandates.record_milestone(session, actor, ref, command)


def accompany(database: Database, world: World, mandate_id: int, who: str = "maude") -> MandateShown:
    """The three facts, a day apart, the last one today."""
    for days, kind in ((2, MilestoneKind.AGREEMENT), (1, MilestoneKind.DIAGNOSTIC), (0, MilestoneKind.PLAN)):
        shown = record(database, world, mandate_id, kind, TODAY - timedelta(days=days), who=who)
    return shown
