"""Decisions on works for tests, made as assessors make them."""

from app.cohorts.enrolments.service import see_enrolment
from app.grading.schemas import EvidenceRef
from app.grading.works import service as works
from app.grading.works.enums import WorkDecisionKind
from app.grading.works.schemas import WorkDecisionCommand, WorkDecisionShown, WorkShown
from app.learning.hand_ins.service import see_hand_in
from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission
from tests.factories.network import World, acting


def decide(
    database: Database,
    world: World,
    work: EvidenceRef,
    kind: WorkDecisionKind = WorkDecisionKind.RETURNED,
    *,
    by: str = "trainer",
    **given: object,
) -> WorkDecisionShown:
    """Decide on a work without a level: return it by default."""
    command = WorkDecisionCommand.model_validate({"kind": kind, "text": "Il manque la suite.", **given})
    with database.transaction() as db:
        actor = acting(db, world, by, Permission.JUDGEMENT_MAKE)
        return works.decide(db, actor, see_hand_in(db, actor, work.id), command)


def works_of(database: Database, world: World, who: str = "maude") -> list[WorkShown]:
    """Return the works of ``who`` as they read them."""
    with database.transaction() as db:
        actor = acting(db, world, who, Permission.JUDGEMENT_READ)
        return works.works_of(db, see_enrolment(db, actor, world.enrolments[who]))
