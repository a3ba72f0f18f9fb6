"""Judgements of the demo network: levels on evidence, one of them reviewed by a second assessor (S5)."""

from datetime import timedelta

from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.curricula.library import default_library
from app.curricula.schemas import Module
from app.demo.network import Group, Story, curriculum_of, moment, noon, weeks_done
from app.grading import service as grading
from app.grading.evidence.service import evidence_of
from app.grading.schemas import EvidenceRef, EvidenceShown, JudgeCommand
from app.platform.clock import at
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.permissions import Permission

ALL_CRITERIA_FROM = 3
BELOW, ABOVE = 0.012, 0.88
TOP = 4
COMMENTS = (
    "Dossier clair; les constats sont appuyés et la suite est réaliste.",
    "Bonne reformulation du besoin. À poursuivre : chiffrer davantage.",
    "Travail solide, à la hauteur de ce que demande une vraie entreprise.",
    "",
)


def judge_module(story: Story, group: Group, module: Module) -> None:
    """Ten days after a module, the trainer judges what it assesses; what came lately stays in the queue."""
    when = moment(group, module, days=10)
    if not module.assesses or when > noon(story.today - timedelta(days=6)):
        return
    codes = {a.code for a in module.activities}
    with at(when), story.database.transaction() as db:
        trainer = story.actor(db, group.staff.trainers[0], Permission.JUDGEMENT_MAKE)
        for enrolment in cohorts.enrolments_in(db, group.cohort):
            if enrolment.state is EnrolmentState.ACTIVE:
                found = [e for e in evidence_of(db, enrolment) if e.activity_code in codes]
                for target in module.assesses:
                    if found:
                        _judge(story, db, trainer, enrolment, target.competency, target.target, found)


def judge_late(story: Story, group: Group) -> None:
    """At the end of the path, competencies seen in codevelopment are judged on the last evidence."""
    curriculum = curriculum_of(group)
    if weeks_done(group) < curriculum.weeks:
        return
    wanted = {c: level for rule in curriculum.certificates for c, level in rule.thresholds.items()}
    when = min(noon(story.today - timedelta(days=6)), moment(group, curriculum.modules[-1], days=17))
    with at(when), story.database.transaction() as db:
        trainer = story.actor(db, group.staff.trainers[0], Permission.JUDGEMENT_MAKE)
        for enrolment in cohorts.enrolments_in(db, group.cohort):
            judged = {j.competency_code for j in grading.judgements(db, enrolment)}
            found = evidence_of(db, enrolment)
            if enrolment.state is EnrolmentState.ACTIVE and found:
                for competency, level in wanted.items():
                    if competency not in judged:
                        _judge(story, db, trainer, enrolment, competency, level, found)
    if group.plan.place == "harricana":
        _review(story, group)


def _judge(  # noqa: PLR0917 - a scene and who is in it
    story: Story,
    db: Session,
    trainer: Actor,
    enrolment: EnrolmentRef,
    competency: str,
    target: int,
    found: list[EvidenceShown],
) -> None:
    chance = story.chance.random()
    level = max(1, target - 1) if chance < BELOW else min(TOP, target + 1) if chance > ABOVE else target
    framework = default_library().framework_of(
        default_library().curriculum(enrolment.curriculum_slug, enrolment.curriculum_version)
    )
    criteria = [c.code for c in framework.competency(competency).criteria]
    command = JudgeCommand(
        competency_code=competency,
        level=level,
        criteria_met=tuple(criteria if level >= ALL_CRITERIA_FROM else criteria[:2]),
        evidence=tuple(EvidenceRef(kind=e.kind, id=e.id) for e in found[:2]),
        comment=story.chance.choice(COMMENTS),
    )
    grading.judge(db, trainer, enrolment, command)


def _review(story: Story, group: Group) -> None:
    """A second assessor replaces a level that the person had reviewed; both stay in the history."""
    with at(noon(story.today - timedelta(days=20))), story.database.transaction() as db:
        second = story.actor(db, group.staff.trainers[1], Permission.JUDGEMENT_MAKE)
        enrolment = cohorts.enrolments_in(db, group.cohort)[0]
        first = next(j for j in grading.judgements(db, enrolment) if j.competency_code == "CN-03")
        framework = default_library().framework("1.0")
        command = JudgeCommand(
            competency_code="CN-03",
            level=ALL_CRITERIA_FROM,
            criteria_met=tuple(c.code for c in framework.competency("CN-03").criteria),
            evidence=first.evidence,
            supersedes=first.id,
            reason="Révision demandée : la carte de processus chiffre bien trois irritants.",
        )
        grading.judge(db, second, enrolment, command)
