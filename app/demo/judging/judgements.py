"""Judgements of the demo network: levels on evidence, some reviewed (S5), works returned."""

from datetime import datetime, timedelta

from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.curricula.enums import ActivityType
from app.curricula.library import curriculum_of, default_library
from app.curricula.schemas import Module
from app.demo.judging.reviews import add_decided_review, add_open_reviews
from app.demo.network import DemoPlan, Group, moment, noon, weeks_done
from app.grading import service as grading
from app.grading.assignments.schemas import AssignCommand
from app.grading.assignments.service import assign
from app.grading.enums import EvidenceKind
from app.grading.evidence.service import evidence_of
from app.grading.rules import assessed_by
from app.grading.schemas import CriterionText, EvidenceRef, EvidenceShown, JudgeCommand
from app.grading.works import service as works
from app.grading.works.enums import WorkDecisionKind, WorkState
from app.grading.works.schemas import WorkDecisionCommand, WorkShown
from app.learning.extra_attempts.schemas import ExtraAttemptCommand
from app.learning.extra_attempts.service import open_attempt
from app.learning.hand_ins import service as hand_ins
from app.learning.hand_ins.schemas import TextCommand
from app.platform.clock import at
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.permissions import Permission

ALL_CRITERIA_FROM = 3
"""The first level that needs all criteria met."""
BELOW_TARGET, ABOVE_TARGET = 0.012, 0.88
"""A random number under the first gives a level below the target; one over the second, a level above."""
TOP_LEVEL = 4
EVIDENCE = 6
"""How many pieces a judgement rests on at most."""
COMMENTS = (
    "Dossier clair; les constats sont appuyés et la suite est réaliste.",
    "Bonne reformulation du besoin. À poursuivre : chiffrer davantage.",
    "Travail solide, à la hauteur de ce que demande une vraie entreprise.",
    "",
)
MISSING = "Le travail est bien parti. Il reste à dire d’où viennent les chiffres, et ce que l’entreprise a confirmé."
STILL_MISSING = "Les sources y sont. Il manque encore la confirmation de l’entreprise."
BY_CRITERION = "À préciser : on ne voit pas encore qui l’a dit, ni quand."
AGAIN = "Version reprise après vos remarques : les sources sont nommées, avec la date de chaque chiffre."
ELSEWHERE = "Déjà montrée dans un travail précédent, jugé le mois dernier."
ABSENT = "Deux semaines de maladie entre les deux remises."
FEWEST = 6
"""How many works wait at least where some are decided on: most of them stay to judge."""
ABOVE_COMMENT = "Au-delà de la maîtrise : ses pairs s’appuient déjà sur ce travail."
"""Said of the top level, which the criteria never propose."""


def judge_module(demo: DemoPlan, group: Group, module: Module) -> None:
    """Judge what a module assesses ten days after it, as the trainer; recent evidence stays in the queue.

    Mandates are judged with the modules that have field work. Of a running cohort, the last person observed in a
    session is left to judge.
    """
    when = moment(group, module, days=10)
    if not module.assesses or when > noon(demo.today - timedelta(days=6)):
        return
    codes = {a.code for a in module.activities}
    has_field_work = any(a.type is ActivityType.field_mandate for a in module.activities)
    is_observed = any(a.is_assessment and a.is_group for a in module.activities)
    is_running = weeks_done(group) < curriculum_of(group.cohort).weeks
    with at(when), demo.database.transaction() as db:
        trainer = demo.actor(db, group.staff.trainers[0], Permission.JUDGEMENT_MAKE)
        active = [e for e in cohorts.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
        for enrolment in active[:-1] if is_observed and is_running else active:
            evidence = [
                e
                for e in evidence_of(db, enrolment)
                if e.activity_code in codes or (has_field_work and e.kind is EvidenceKind.MANDATE)
            ]
            for target in module.assesses:
                if evidence:
                    _judge(demo, db, trainer, enrolment, target.competency, target.target, evidence)


def judge_remaining(demo: DemoPlan, group: Group) -> None:
    """At the end of the path, judge the competencies that certificates need and no module assessed."""
    curriculum = curriculum_of(group.cohort)
    if weeks_done(group) < curriculum.weeks:
        if group.plan.place == "piekouagami" and group.plan.code == "GEN-2":
            add_open_reviews(demo, group)
        return
    thresholds = {c: level for rule in curriculum.certificates for c, level in rule.thresholds.items()}
    when = min(noon(demo.today - timedelta(days=6)), moment(group, curriculum.modules[-1], days=17))
    with at(when), demo.database.transaction() as db:
        trainer = demo.actor(db, group.staff.trainers[0], Permission.JUDGEMENT_MAKE)
        for enrolment in cohorts.enrolments_in(db, group.cohort):
            judged = {j.competency_code for j in grading.judgements(db, enrolment)}
            evidence = evidence_of(db, enrolment)
            if enrolment.state is EnrolmentState.ACTIVE and evidence:
                for competency, level in thresholds.items():
                    if competency not in judged:
                        _judge(demo, db, trainer, enrolment, competency, level, evidence)
    if group.plan.place == "harricana":
        add_decided_review(demo, group)


def _judge(  # noqa: PLR0917 - the judgement and everything that it depends on
    demo: DemoPlan,
    db: Session,
    trainer: Actor,
    enrolment: EnrolmentRef,
    competency: str,
    target: int,
    evidence: list[EvidenceShown],
) -> None:
    chance = demo.rng.random()
    below, above = max(1, target - 1), min(TOP_LEVEL, target + 1)
    level = below if chance < BELOW_TARGET else above if chance > ABOVE_TARGET else target
    curriculum = curriculum_of(enrolment)
    criteria = [c.code for c in default_library().framework_of(curriculum).competency(competency).criteria]
    fitting = [e for e in evidence if competency in assessed_by(curriculum, e.kind, e.activity_code)]
    if not fitting:
        return
    command = JudgeCommand(
        competency_code=competency,
        level=level,
        criteria_met=tuple(criteria if level >= ALL_CRITERIA_FROM else criteria[:level]),
        evidence=tuple(EvidenceRef(kind=e.kind, id=e.id) for e in fitting[:EVIDENCE]),
        comment=demo.rng.choice(COMMENTS) or (ABOVE_COMMENT if level == TOP_LEVEL else ""),
    )
    grading.judge(db, trainer, enrolment, command)


# Works returned, waived, handed in again ---------------------------------------------------------


def decide_on_works(demo: DemoPlan, group: Group) -> None:
    """Of the works of a cohort that wait: return one, return another twice with a third attempt opened, waive one."""
    waiting = _waiting(demo, group)
    if len(waiting) < FEWEST:
        return
    (first, _), (second, enrolment), (third, _) = waiting[:3]
    _decide_on(demo, group, first, WorkDecisionKind.RETURNED, MISSING, days=4, by_criterion=True)
    _decide_on(demo, group, second, WorkDecisionKind.RETURNED, MISSING, days=4)
    with at(noon(demo.today - timedelta(days=3))), demo.database.transaction() as db:
        actor = demo.actor(db, enrolment.person_id, Permission.ACTIVITY_DO)
        text = TextCommand(activity_code=str(second.activity_code), body=AGAIN)
        again, _ = hand_ins.hand_in_text(db, actor, enrolment, text)
    with demo.database.transaction(colleges=[enrolment.college_id]) as db:
        attempt = works.work_of(db, enrolment, EvidenceRef(kind=EvidenceKind.HAND_IN, id=again.id))
    _decide_on(demo, group, attempt, WorkDecisionKind.RETURNED, STILL_MISSING, days=2)
    with at(noon(demo.today - timedelta(days=1))), demo.database.transaction() as db:
        manager = demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_MANAGE)
        open_attempt(
            db, manager, enrolment, ExtraAttemptCommand(activity_code=str(second.activity_code), reason=ABSENT)
        )
    _assign(demo, group, *waiting[3])
    _decide_on(demo, group, third, WorkDecisionKind.WAIVED, ELSEWHERE, days=3, competency=third.left[0])


def _assign(demo: DemoPlan, group: Group, work: WorkShown, enrolment: EnrolmentRef) -> None:
    """Assign a work to the first trainer of the cohort, as its coordinator."""
    with at(noon(demo.today - timedelta(days=2))), demo.database.transaction() as db:
        manager = demo.actor(db, group.staff.coordinator, Permission.JUDGEMENT_ASSIGN)
        command = AssignCommand(activity_code=work.activity_code, assignee_id=group.staff.trainers[0])
        assign(db, manager, enrolment, command)


def _waiting(demo: DemoPlan, group: Group) -> list[tuple[WorkShown, EnrolmentRef]]:
    """Return one work a person that waits since some days, all of it, with no other attempt."""
    before: datetime = noon(demo.today - timedelta(days=5))
    found = []
    with demo.database.transaction(colleges=[group.cohort.college_id]) as db:
        for enrolment in cohorts.enrolments_in(db, group.cohort):
            own = works.works_of(db, enrolment) if enrolment.state is EnrolmentState.ACTIVE else []
            handed_in = (w for w in own if w.evidence.kind is EvidenceKind.HAND_IN)
            last = next((w for w in handed_in if w.state is WorkState.RECEIVED and w.received_at < before), None)
            if last is not None and last.attempt == 1:
                found.append((last, enrolment))
    return found


def _decide_on(
    demo: DemoPlan,
    group: Group,
    work: WorkShown,
    kind: WorkDecisionKind,
    text: str,
    *,
    days: int,
    by_criterion: bool = False,
    competency: str | None = None,
) -> None:
    framework = default_library().framework_of(curriculum_of(group.cohort))
    criterion = framework.competency(work.left[0]).criteria[-1].code
    command = WorkDecisionCommand(
        kind=kind,
        competency_code=competency,
        text=text,
        criteria=(CriterionText(criterion=criterion, text=BY_CRITERION),) if by_criterion else (),
    )
    with at(noon(demo.today - timedelta(days=days))), demo.database.transaction() as db:
        trainer = demo.actor(db, group.staff.trainers[0], Permission.JUDGEMENT_MAKE)
        enrolment = cohorts.see_enrolment(db, trainer, work.enrolment_id)
        works.decide(db, trainer, enrolment, work.evidence, command)
