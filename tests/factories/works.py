"""Decisions on works for tests, made as assessors make them."""

from app.accompaniment.mandates import service as mandates
from app.cohorts.enrolments.service import see_enrolment
from app.grading.schemas import EvidenceRef
from app.grading.works import service as works
from app.grading.works.enums import WorkDecisionKind
from app.grading.works.schemas import WorkDecisionCommand, WorkDecisionShown, WorkShown
from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission
from tests.factories.accompaniment import accompany, confirm_milestones, record_milestone
from tests.factories.grading import open_mandate
from tests.factories.network import World, acting


def decide(
    database: Database,
    world: World,
    work: EvidenceRef,
    kind: WorkDecisionKind = WorkDecisionKind.RETURNED,
    *,
    by: str = "trainer",
    of: str = "maude",
    **given: object,
) -> WorkDecisionShown:
    """Decide on a work without a level: return it by default."""
    command = WorkDecisionCommand.model_validate({"kind": kind, "text": "Il manque la suite.", **given})
    with database.transaction() as db:
        actor = acting(db, world, by, Permission.JUDGEMENT_MAKE)
        return works.decide(db, actor, see_enrolment(db, actor, world.enrolments[of]), work, command)


def complete_mandate(database: Database, world: World, who: str = "maude") -> EvidenceRef:
    """Open a mandate whose three milestones are recorded, and confirmed by the coordinator."""
    mandate = open_mandate(database, world, who)
    accompany(database, world, mandate.id, who)
    return mandate


def confirm_again(database: Database, world: World, mandate: EvidenceRef, who: str = "maude") -> None:
    """Correct the last milestone of a mandate, and have it confirmed again."""
    with database.transaction() as db:
        actor = acting(db, world, who, Permission.MANDATE_MANAGE)
        plan = mandates.mandate(db, mandates.see_mandate(db, actor, mandate.id)).milestones[-1]
    shown = record_milestone(database, world, mandate.id, plan.kind, who=who, supersedes=plan.id)
    confirm_milestones(database, world, shown)


def works_of(database: Database, world: World, who: str = "maude") -> list[WorkShown]:
    """Return the works of ``who`` as they read them."""
    with database.transaction() as db:
        actor = acting(db, world, who, Permission.JUDGEMENT_READ)
        return works.works_of(db, see_enrolment(db, actor, world.enrolments[who]))
