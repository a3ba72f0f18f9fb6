"""Reviews of the demo network: decided, waiting, before a committee; and two assessors who differ (S5)."""

from datetime import datetime, timedelta

from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.curricula.library import curriculum_of, default_library
from app.demo.network import DemoPlan, Group
from app.grading import service as grading
from app.grading.assessors import eligible_assessors
from app.grading.evidence.service import evidence_of
from app.grading.panels import reading, service
from app.grading.panels.schemas import AskReview, GiveOpinion, NameAssessors, OpenPanel
from app.grading.rules import MASTERY, assessed_by
from app.grading.schemas import JudgementShown
from app.platform.clock import at
from app.platform.security.permissions import Permission

MOTIVE = "La carte de processus remise en deuxième version chiffre trois irritants; le jugement parle de la première."
RAISED = "Révision demandée : la carte de processus chiffre bien trois irritants."
KEPT = "Révision demandée : les irritants sont nommés, mais leur coût n’est appuyé sur aucune donnée de l’entreprise."
COMMITTEE = 3
TWO = 2


def add_decided_review(demo: DemoPlan, group: Group) -> None:
    """Raise a level on review, as a second assessor; both judgements stay in the history."""
    with demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.JUDGEMENT_READ)
        people = cohorts.enrolments_in(db, group.cohort)
        found = next(((e, j) for e in people for j in grading.judgements(db, e) if j.level < MASTERY), None)
    if found is not None:
        panel = _ask(demo, *found, found[1].validated_at + timedelta(days=2))
        _decide(demo, group, panel, found, level=MASTERY, reasons=RAISED)


def add_open_reviews(demo: DemoPlan, group: Group) -> None:
    """Have three people of a cohort that is under way wait for a decision, each in another state."""
    with demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.JUDGEMENT_READ)
        people = cohorts.enrolments_in(db, group.cohort)
        judged = [(e, found[0]) for e in people if (found := grading.judgements(db, e))][:TWO]
    if len(judged) < TWO:
        return
    waiting, appealing = judged
    _ask(demo, *waiting, waiting[1].validated_at + timedelta(days=2))
    review = _ask(demo, *appealing, appealing[1].validated_at + timedelta(days=1))
    _decide(demo, group, review, appealing, level=appealing[1].level, reasons=KEPT)
    appeal = _ask(demo, *appealing, appealing[1].validated_at + timedelta(days=4))
    _name_committee(demo, group, appeal)
    _open_double(demo, group, next(e for e in people if e.id not in {waiting[0].id, appealing[0].id}))


def _ask(demo: DemoPlan, enrolment: EnrolmentRef, judgement: JudgementShown, when: datetime) -> int:
    with at(when), demo.database.transaction() as db:
        person = demo.actor(db, enrolment.person_id, Permission.REVIEW_ASK)
        return service.ask_review(db, person, judgement, AskReview(motive=MOTIVE)).id


def _decide(
    demo: DemoPlan, group: Group, panel: int, judged: tuple[EnrolmentRef, JudgementShown], *, level: int, reasons: str
) -> None:
    """Have another trainer of the cohort take a review and decide, a day after it was asked."""
    enrolment, judgement = judged
    framework = default_library().framework_of(curriculum_of(enrolment))
    criteria = tuple(c.code for c in framework.competency(judgement.competency_code).criteria)
    reviewer = next(id_ for id_ in group.staff.trainers if id_ != judgement.assessor_id)
    with at(judgement.validated_at + timedelta(days=3)), demo.database.transaction() as db:
        actor = demo.actor(db, reviewer, Permission.PANEL_SIT)
        ref = reading.see_panel(db, actor, panel)
        service.take(db, actor, ref)
        service.give_opinion(db, actor, ref, GiveOpinion(level=level, criteria_met=criteria, reasons=reasons))


def _name_committee(demo: DemoPlan, group: Group, panel: int) -> None:
    """Name the committee, where the college has three trainers who did not judge the work."""
    with demo.database.transaction() as db:
        coordinator = demo.actor(db, group.staff.coordinator, Permission.PANEL_MANAGE)
        ref = reading.see_panel(db, coordinator, panel)
        people = tuple(id_ for id_, _ in service.eligible_for(db, ref))[:COMMITTEE]
        if len(people) == COMMITTEE:
            service.name_assessors(db, coordinator, ref, NameAssessors(assessor_ids=people))


def _open_double(demo: DemoPlan, group: Group, enrolment: EnrolmentRef) -> None:
    """Have the two trainers of the cohort judge a competency, on which their levels differ."""
    curriculum = curriculum_of(enrolment)
    competencies = default_library().framework_of(curriculum).competencies
    with demo.database.transaction() as db:
        coordinator = demo.actor(db, group.staff.coordinator, Permission.PANEL_MANAGE)
        pieces = evidence_of(db, enrolment)
        fitting = (
            (c, e.ref)
            for c in competencies
            for e in pieces
            if c.code in assessed_by(curriculum, e.kind, e.activity_code)
        )
        competency, piece = next(fitting)
        people = tuple(id_ for id_, _ in eligible_assessors(db, enrolment, competency.code))[:TWO]
        command = OpenPanel(competency_code=competency.code, evidence=(piece,), assessor_ids=people)
        panel = service.open_panel(db, coordinator, enrolment, command).id
    criteria = tuple(c.code for c in competency.criteria)
    for person, level in zip(people, (TWO, MASTERY), strict=True):
        with demo.database.transaction() as db:
            actor = demo.actor(db, person, Permission.PANEL_SIT)
            reasons = "Trois acteurs cités, sans leur rôle." if level == TWO else "Les rôles sont dits dans l’annexe."
            opinion = GiveOpinion(
                level=level, criteria_met=criteria[:level] if level == TWO else criteria, reasons=reasons
            )
            service.give_opinion(db, actor, reading.see_panel(db, actor, panel), opinion)
