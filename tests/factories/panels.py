"""Reviews and panels of the small network, through their own services."""

from app.cohorts.enrolments.service import see_enrolment
from app.grading.panels import reading, service
from app.grading.panels.reading import see_panel
from app.grading.panels.schemas import AskReview, GiveOpinion, NameAssessors, OpenPanel, PanelShown
from app.grading.schemas import EvidenceRef, JudgementShown
from app.grading.service import judgements, see_judgement
from app.identity.roles.service import grant_role, revoke_role
from app.platform.database.transaction import Database
from app.platform.security.permissions import P, Role
from tests.factories.grading import ALL_CN01, hand_in, judge, judge_command
from tests.factories.network import World, acting

MOTIVE = "La cinquième ressource est à la page 3."
REASONS = "Les trois critères se voient dans la carte."


def add_trainers(database: Database, world: World, *people: str, cohort: bool = True) -> None:
    """Make people trainers of the first cohort, or of the college alone."""
    with database.transaction(colleges=[world.alma]) as db:
        for who in people:
            place = {"cohort_id": world.cohort} if cohort else {}
            grant_role(db, world.people[who], Role.TRAINER, college_id=world.alma, **place)


def leaves(database: Database, world: World, who: str) -> None:
    """End the roles of a trainer in the college."""
    with database.transaction(colleges=[world.alma]) as db:
        for cohort in (None, world.cohort):
            revoke_role(db, world.people[who], Role.TRAINER, cohort_id=cohort)


def judged(database: Database, world: World, *, level: int = 2, of: str = "maude") -> JudgementShown:
    """Judge CN-01 of someone on a hand-in, as the trainer."""
    return judge(database, world, judge_command(hand_in(database, world, of), level=level), of=of)


def ask(database: Database, world: World, judgement: int, who: str = "maude") -> PanelShown:
    """Contest a judgement."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.REVIEW_ASK)
        return service.ask_review(db, actor, see_judgement(db, actor, judgement), AskReview(motive=MOTIVE))


def open_double(database: Database, world: World, evidence: EvidenceRef, *assessors: str) -> PanelShown:
    """Have CN-01 of Maude judged by two people."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.PANEL_MANAGE)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        ids = tuple(world.people[who] for who in assessors)
        command = OpenPanel(competency_code="CN-01", evidence=(evidence,), assessor_ids=ids)
        return service.open_panel(db, actor, enrolment, command)


def name(database: Database, world: World, panel: int, *assessors: str) -> PanelShown:
    """Name the assessors of a panel as the coordinator."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.PANEL_MANAGE)
        command = NameAssessors(assessor_ids=tuple(world.people[who] for who in assessors))
        return service.name_assessors(db, actor, see_panel(db, actor, panel), command)


def take(database: Database, world: World, panel: int, who: str) -> PanelShown:
    """Take a review."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.PANEL_SIT)
        return service.take(db, actor, see_panel(db, actor, panel))


def speak(database: Database, world: World, panel: int, who: str, level: int) -> PanelShown:
    """Record the level of an assessor."""
    criteria = ALL_CN01 if level >= 3 else ALL_CN01[:level]
    with database.transaction() as db:
        actor = acting(db, world, who, P.PANEL_SIT)
        command = GiveOpinion(level=level, criteria_met=criteria, reasons=REASONS)
        return service.give_opinion(db, actor, see_panel(db, actor, panel), command)


def read(database: Database, world: World, panel: int, who: str) -> PanelShown:
    """Read a panel."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.JUDGEMENT_READ)
        return reading.load_panel(db, actor, see_panel(db, actor, panel))


def history(database: Database, world: World, of: str = "maude") -> list[JudgementShown]:
    """Return the judgements of someone, newest first."""
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.JUDGEMENT_READ)
        return judgements(db, see_enrolment(db, actor, world.enrolments[of]))
