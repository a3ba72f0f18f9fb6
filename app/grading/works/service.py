"""Works to judge: decisions that give no level, which take a work out of the queue, and the state of each work."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func
from sqlmodel import col, select

from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.mandates.models import Mandate, MandateAdvisor
from app.attendance.calendar.models import ScheduledSession
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Enrolment
from app.cohorts.service import require_enrolment_not_archived
from app.curricula.library import curriculum_of, default_library
from app.grading.assignments.models import WorkAssignment
from app.grading.assignments.service import STILL_JUDGES
from app.grading.drafts.models import JudgementDraft
from app.grading.enums import EvidenceKind
from app.grading.models import Judgement, JudgementEvidence
from app.grading.queue.waiting import is_of_path, last_confirmed
from app.grading.rules import RUNNING
from app.grading.schemas import CriterionText, EvidenceRef, refs_of_ids
from app.grading.service import assessor_refusals
from app.grading.works.enums import WorkDecisionKind
from app.grading.works.models import WorkDecision
from app.grading.works.rules import Work, competencies_of, text_reasons, work_reasons
from app.grading.works.schemas import (
    WorkCompetency,
    WorkDecisionCommand,
    WorkDecisionShown,
    WorkShown,
)
from app.learning.activities.paths import activity_path
from app.learning.hand_ins.models import HandIn
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.rows import Together, not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Forbidden, Invalid, NotFound, refuse_unless
from app.platform.messages.i18n import t
from app.platform.security.actor import Actor


def decide(
    db: Session, actor: Actor, enrolment: EnrolmentRef, evidence: EvidenceRef, command: WorkDecisionCommand
) -> WorkDecisionShown:
    """Return a work to be redone, or waive what is left to judge of it; sent again, it is the first decision.

    The enrolment is locked first: of two assessors who decide at once, the second reads what the first wrote. Raise
    ``Forbidden`` where the actor may not judge what the decision is about (BR-13), ``Conflict`` where the enrolment no
    longer runs, ``Invalid`` where nothing is left to decide or the decision does not say enough.
    """
    lock = select(Enrolment.state).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)
    if db.exec(lock).one() not in RUNNING:
        raise Conflict("enrolment_not_running")
    require_enrolment_not_archived(db, enrolment.id)
    shown, work = _one(db, enrolment, evidence)
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
        enrolment_id=enrolment.id,
        hand_in_id=evidence.id if evidence.kind is EvidenceKind.HAND_IN else None,
        mandate_id=evidence.id if evidence.kind is EvidenceKind.MANDATE else None,
        session_id=evidence.id if evidence.kind is EvidenceKind.SESSION else None,
        received_at=shown.received_at,
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
        _tell_returned(db, enrolment, row, shown)
    return next(decision for decision in work_of(db, enrolment, evidence).decisions if decision.id == row.id)


def _is_repeated(decision: WorkDecisionShown, actor: Actor, command: WorkDecisionCommand) -> bool:
    return (
        decision.decided_by == actor.name
        and (decision.kind, decision.competency_code) == (command.kind, command.competency_code)
        and (decision.text, set(decision.criteria)) == (command.text or "", set(command.criteria))
    )


def _tell_returned(db: Session, enrolment: EnrolmentRef, row: WorkDecision, work: WorkShown) -> None:
    """Tell a person that a work of theirs is to be redone; what is missing is on its page, and in no e-mail."""
    title = work.title if work.activity_code else t("grading.work.mandate")
    params = {"cohort": enrolment.cohort_title, "activity": title}
    page = activity_path(enrolment.id, work.activity_code) if work.activity_code else f"/parcours/{enrolment.id}"
    people = [enrolment.person_id]
    notify(db, Event(Kind.WORK_RETURNED, f"work_decision:{row.id}", people, page, params, enrolment.college_id))


def work_of(db: Session, enrolment: EnrolmentRef, evidence: EvidenceRef) -> WorkShown:
    """Return a work of an enrolment, with its state; one that is not judged assesses nothing.

    Raise ``NotFound`` for one that is not of the enrolment, and for a mandate that is not complete.
    """
    return _one(db, enrolment, evidence)[0]


def works_of(db: Session, enrolment: EnrolmentRef) -> list[WorkShown]:
    """Return the works of an enrolment that are judged, with their states.

    The mandates, then the sessions, then the hand-ins by activity and attempt: the last of an activity stands for it.
    """
    return [shown for shown, work in _works(db, enrolment) if work.assessed]


def _one(db: Session, enrolment: EnrolmentRef, evidence: EvidenceRef) -> tuple[WorkShown, Work]:
    found = next((pair for pair in _works(db, enrolment) if pair[0].evidence == evidence), None)
    if found is None:
        raise NotFound
    return found


def _works(db: Session, enrolment: EnrolmentRef) -> list[tuple[WorkShown, Work]]:
    *rows, judged_rows, decision_rows, draft_rows, assigned_rows = _WORKS.fetch(db, enrolment=enrolment.id)
    judged: defaultdict[EvidenceRef, set[str]] = defaultdict(set)
    for *ids, competency in judged_rows:
        judged[_ref(ids)].add(competency)
    decisions: defaultdict[tuple[EvidenceRef, datetime], list[WorkDecisionShown]] = defaultdict(list)
    for id_, *ids, received_at, code, kind, text, criteria, decided_at, decided_by in decision_rows:
        texts = tuple(CriterionText(criterion=c, text=missing) for c, missing in sorted(criteria.items()))
        decision = WorkDecisionShown(
            id=id_, evidence=_ref(ids), competency_code=code, kind=kind, text=text, criteria=texts,
            decided_at=decided_at, decided_by=decided_by,
        )  # fmt: skip
        decisions[decision.evidence, received_at].append(decision)
    begun = {_ref(ids) for ids in draft_rows}
    assigned = {code for (code,) in assigned_rows}
    curriculum = curriculum_of(enrolment)
    last = {code: attempt for _, code, _, attempt, _ in rows[-1]}
    pairs = []
    for kind, found in zip((EvidenceKind.MANDATE, EvidenceKind.SESSION, EvidenceKind.HAND_IN), rows, strict=True):
        for id_, code, title, attempt, received_at in found:
            ref = EvidenceRef(kind=kind, id=id_)
            work = Work(
                activity_code=code,
                assessed=competencies_of(curriculum, kind, code),
                judged=frozenset(judged[ref]),
                decided={decision.competency_code: decision.kind for decision in decisions[ref, received_at]},
                is_replaced=code in last and (attempt or 0) < last[code],
            )
            shown = WorkShown(
                evidence=ref,
                enrolment_id=enrolment.id,
                activity_code=code,
                title=title or (curriculum.activity(code).title.text if code in curriculum.placed else code),
                attempt=attempt,
                received_at=received_at,
                state=work.state(is_read=ref in begun or not assigned.isdisjoint((None, code))),
                competencies=tuple(WorkCompetency(competency_code=c, state=work.state_of(c)) for c in work.assessed),
                decisions=tuple(decisions[ref, received_at]),
            )
            pairs.append((shown, work))
    return pairs


def _ref(ids: Sequence[int | None]) -> EvidenceRef:
    (ref,) = refs_of_ids(ids)
    return ref


_OF = sa.bindparam("enrolment", type_=sa.Integer)
_CONFIRMED = last_confirmed()
_WORKS = Together(
    sa.select(
        col(Mandate.id),
        sa.cast(sa.null(), sa.String).label("code"),
        (Mandate.title + sa.literal(" – ") + Enterprise.name).label("title"),
        sa.cast(sa.null(), sa.Integer).label("attempt"),
        func.coalesce(_CONFIRMED.c.at, col(Mandate.created_at)).label("received_at"),
    )
    .join(MandateAdvisor, col(MandateAdvisor.mandate_id) == Mandate.id)
    .join(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
    .join(_CONFIRMED, sa.true())
    .where(
        col(MandateAdvisor.enrolment_id) == _OF,
        col(Mandate.accompanied),
        is_of_path(col(MandateAdvisor.enrolment_id), MandateAdvisor),
    )
    .order_by(col(Mandate.id)),
    sa.select(
        col(ScheduledSession.id),
        col(ScheduledSession.activity_code),
        sa.cast(sa.null(), sa.String).label("title"),
        sa.cast(sa.null(), sa.Integer).label("attempt"),
        col(ScheduledSession.starts_at),
    )
    .select_from(RollCallEntry)
    .join(RollCall, (col(RollCall.id) == RollCallEntry.roll_call_id) & not_superseded(RollCall))
    .join(ScheduledSession, col(ScheduledSession.id) == RollCall.session_id)
    .where(
        col(RollCallEntry.enrolment_id) == _OF,
        col(RollCallEntry.minutes) > 0,
        col(ScheduledSession.cancelled_at).is_(None),
    )
    .order_by(col(ScheduledSession.starts_at), col(ScheduledSession.id)),
    sa.select(
        col(HandIn.id),
        col(HandIn.activity_code),
        sa.cast(sa.null(), sa.String).label("title"),
        col(HandIn.attempt),
        col(HandIn.received_at),
    )
    .where(col(HandIn.enrolment_id) == _OF)
    .order_by(col(HandIn.activity_code), col(HandIn.attempt)),
    sa.select(
        col(JudgementEvidence.hand_in_id),
        col(JudgementEvidence.mandate_id),
        col(JudgementEvidence.session_id),
        col(Judgement.competency_code),
    )
    .join(JudgementEvidence, col(JudgementEvidence.judgement_id) == Judgement.id)
    .where(col(Judgement.enrolment_id) == _OF, not_superseded(Judgement)),
    sa.select(
        col(WorkDecision.id),
        col(WorkDecision.hand_in_id),
        col(WorkDecision.mandate_id),
        col(WorkDecision.session_id),
        col(WorkDecision.received_at),
        col(WorkDecision.competency_code),
        col(WorkDecision.kind),
        col(WorkDecision.text),
        col(WorkDecision.criteria),
        col(WorkDecision.decided_at),
        shown_name().label("decided_by"),
    )
    .join(Person, col(Person.id) == WorkDecision.decided_by)
    .where(col(WorkDecision.enrolment_id) == _OF)
    .order_by(col(WorkDecision.id)),
    sa.select(col(JudgementDraft.hand_in_id), col(JudgementDraft.mandate_id), col(JudgementDraft.session_id)).where(
        col(JudgementDraft.enrolment_id) == _OF,
        sa.or_(
            col(JudgementDraft.hand_in_id).is_not(None),
            col(JudgementDraft.mandate_id).is_not(None),
            col(JudgementDraft.session_id).is_not(None),
        ),
    ),
    sa.select(col(WorkAssignment.activity_code))
    .join(Enrolment, col(Enrolment.id) == WorkAssignment.enrolment_id)
    .where(col(WorkAssignment.enrolment_id) == _OF, not_superseded(WorkAssignment), STILL_JUDGES),
)
"""The complete mandates, the attended sessions and the hand-ins of an enrolment, the competencies judged on each, what
was decided without a level, those of which someone has begun to write a judgement, and which works are assigned to
someone who judges them: those of an activity, or all."""
