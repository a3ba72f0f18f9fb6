"""Works to judge: decisions that give no level, which take a work out of the queue, and the state of each work."""

from collections import defaultdict
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.models import Enrolment
from app.cohorts.service import require_enrolment_not_archived
from app.curricula.library import curriculum_of, default_library
from app.grading.assignments.models import WorkAssignment
from app.grading.assignments.service import STILL_JUDGES
from app.grading.drafts.models import JudgementDraft
from app.grading.models import Judgement, JudgementEvidence
from app.grading.rules import RUNNING
from app.grading.schemas import CriterionText
from app.grading.service import assessor_refusals
from app.grading.works.enums import WorkDecisionKind
from app.grading.works.models import WorkDecision
from app.grading.works.rules import Work, competencies_of_work, text_reasons, work_reasons
from app.grading.works.schemas import (
    WorkCompetency,
    WorkDecisionCommand,
    WorkDecisionShown,
    WorkShown,
)
from app.learning.activities.paths import activity_path
from app.learning.hand_ins.models import HandIn
from app.learning.hand_ins.schemas import HandInShown
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.rows import Together, not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Forbidden, Invalid, refuse_unless
from app.platform.security.actor import Actor


def decide(db: Session, actor: Actor, hand_in: HandInShown, command: WorkDecisionCommand) -> WorkDecisionShown:
    """Return a work to be redone, or waive what is left to judge of it; sent again, it is the first decision.

    The enrolment is locked first: of two assessors who decide at once, the second reads what the first wrote. Raise
    ``Forbidden`` where the actor may not judge what the decision is about (BR-13), ``Conflict`` where the enrolment no
    longer runs, ``Invalid`` where nothing is left to decide or the decision does not say enough.
    """
    lock = select(Enrolment.state).where(Enrolment.id == hand_in.enrolment_id).with_for_update(key_share=True)
    if db.exec(lock).one() not in RUNNING:
        raise Conflict("enrolment_not_running")
    require_enrolment_not_archived(db, hand_in.enrolment_id)
    enrolment = see_enrolment(db, actor, hand_in.enrolment_id)
    shown, work = next(pair for pair in _works(db, enrolment, hand_in.id))
    repeated = next((d for d in shown.decisions if _is_repeated(d, actor, command)), None)
    if repeated is not None:
        return repeated
    refuse_unless(*work_reasons(work, command.competency_code), code="invalid")
    concerned = work.left if command.competency_code is None else (command.competency_code,)
    for code in concerned:
        refusals = assessor_refusals(db, actor, enrolment, code)
        if refusals:
            raise Forbidden("may_not_judge", *refusals)
    by_code = default_library().framework_of(curriculum_of(enrolment)).by_code
    known = [criterion.code for code in concerned for criterion in by_code[code].criteria]
    named = [criterion.criterion for criterion in command.criteria]
    reasons = text_reasons(command.kind, command.text, named, known)
    if reasons:
        raise Invalid("invalid", *reasons)
    row = WorkDecision(
        college_id=enrolment.college_id,
        hand_in_id=hand_in.id,
        competency_code=command.competency_code,
        kind=command.kind,
        text=command.text or "",
        criteria={criterion.criterion: criterion.text for criterion in command.criteria},
        decided_at=now(),
        decided_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    if command.kind is WorkDecisionKind.RETURNED:
        _tell_returned(db, enrolment, row, hand_in.activity_code)
    return next(decision for decision in work_of(db, enrolment, hand_in.id).decisions if decision.id == row.id)


def _is_repeated(decision: WorkDecisionShown, actor: Actor, command: WorkDecisionCommand) -> bool:
    return (
        decision.decided_by == actor.name
        and (decision.kind, decision.competency_code) == (command.kind, command.competency_code)
        and (decision.text, set(decision.criteria)) == (command.text or "", set(command.criteria))
    )


def _tell_returned(db: Session, enrolment: EnrolmentRef, row: WorkDecision, activity_code: str) -> None:
    """Tell a person that a work of theirs is to be redone; what is missing is on its page, and in no e-mail."""
    title = curriculum_of(enrolment).activity(activity_code).title.text
    params = {"cohort": enrolment.cohort_title, "activity": title}
    page = activity_path(enrolment.id, activity_code)
    people = [enrolment.person_id]
    notify(db, Event(Kind.WORK_RETURNED, f"work_decision:{row.id}", people, page, params, enrolment.college_id))


def work_of(db: Session, enrolment: EnrolmentRef, hand_in_id: int) -> WorkShown:
    """Return a work of an enrolment, with its state; one that is not judged assesses nothing."""
    return next(shown for shown, _ in _works(db, enrolment, hand_in_id))


def works_of(db: Session, enrolment: EnrolmentRef) -> list[WorkShown]:
    """Return the works of an enrolment that are judged, with their states, by activity then attempt."""
    return [shown for shown, work in _works(db, enrolment) if work.assessed]


def _works(db: Session, enrolment: EnrolmentRef, hand_in_id: int | None = None) -> list[tuple[WorkShown, Work]]:
    works, judged_rows, decision_rows, draft_rows, assigned_rows = _WORKS.fetch(db, enrolment=enrolment.id)
    judged: defaultdict[int, set[str]] = defaultdict(set)
    for id_, competency in judged_rows:
        judged[id_].add(competency)
    decisions: defaultdict[int, list[WorkDecisionShown]] = defaultdict(list)
    for row in decision_rows:
        decision = _decision(*row)
        decisions[decision.hand_in_id].append(decision)
    begun = {draft_of for (draft_of,) in draft_rows}
    assigned = {code for (code,) in assigned_rows}
    curriculum, last = curriculum_of(enrolment), {code: attempt for _, code, attempt, _ in works}
    pairs = []
    for id_, code, attempt, received_at in works:
        if hand_in_id not in (None, id_):
            continue
        work = Work(
            activity_code=code,
            assessed=competencies_of_work(curriculum, code),
            judged=frozenset(judged[id_]),
            decided={decision.competency_code: decision.kind for decision in decisions[id_]},
            is_replaced=attempt < last[code],
        )
        shown = WorkShown(
            hand_in_id=id_,
            enrolment_id=enrolment.id,
            activity_code=code,
            attempt=attempt,
            received_at=received_at,
            state=work.state(is_read=id_ in begun or not assigned.isdisjoint((None, code))),
            competencies=tuple(WorkCompetency(competency_code=c, state=work.state_of(c)) for c in work.assessed),
            decisions=tuple(decisions[id_]),
        )
        pairs.append((shown, work))
    return pairs


def _decision(  # noqa: PLR0917 - the columns of a row
    id_: int,
    hand_in_id: int,
    competency_code: str | None,
    kind: WorkDecisionKind,
    text: str,
    criteria: dict[str, str],
    decided_at: datetime,
    decided_by: str,
) -> WorkDecisionShown:
    return WorkDecisionShown(
        id=id_,
        hand_in_id=hand_in_id,
        competency_code=competency_code,
        kind=kind,
        text=text,
        criteria=tuple(CriterionText(criterion=code, text=missing) for code, missing in sorted(criteria.items())),
        decided_at=decided_at,
        decided_by=decided_by,
    )


_OF = sa.bindparam("enrolment", type_=sa.Integer)
_WORKS = Together(
    sa.select(col(HandIn.id), col(HandIn.activity_code), col(HandIn.attempt), col(HandIn.received_at))
    .where(col(HandIn.enrolment_id) == _OF)
    .order_by(col(HandIn.activity_code), col(HandIn.attempt)),
    sa.select(col(JudgementEvidence.hand_in_id), col(Judgement.competency_code))
    .join(JudgementEvidence, col(JudgementEvidence.judgement_id) == Judgement.id)
    .where(
        col(Judgement.enrolment_id) == _OF, col(JudgementEvidence.hand_in_id).is_not(None), not_superseded(Judgement)
    ),
    sa.select(
        col(WorkDecision.id),
        col(WorkDecision.hand_in_id),
        col(WorkDecision.competency_code),
        col(WorkDecision.kind),
        col(WorkDecision.text),
        col(WorkDecision.criteria),
        col(WorkDecision.decided_at),
        shown_name().label("decided_by"),
    )
    .join(HandIn, col(HandIn.id) == WorkDecision.hand_in_id)
    .join(Person, col(Person.id) == WorkDecision.decided_by)
    .where(col(HandIn.enrolment_id) == _OF)
    .order_by(col(WorkDecision.id)),
    sa.select(col(JudgementDraft.hand_in_id)).where(
        col(JudgementDraft.enrolment_id) == _OF, col(JudgementDraft.hand_in_id).is_not(None)
    ),
    sa.select(col(WorkAssignment.activity_code))
    .join(Enrolment, col(Enrolment.id) == WorkAssignment.enrolment_id)
    .where(col(WorkAssignment.enrolment_id) == _OF, not_superseded(WorkAssignment), STILL_JUDGES),
)
"""The hand-ins of an enrolment, the competencies judged on each, what was decided without a level, those of which
someone has begun to write a judgement, and which works are assigned to someone who judges them: those of an
activity, or all."""
