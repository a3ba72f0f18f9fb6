"""The works that an assessor of a panel judges: their cohort may be another one, so the panel opens them."""

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import enrolment_ref
from app.grading.assessors import able_assessors
from app.grading.enums import EvidenceKind
from app.grading.evidence.service import evidence_of
from app.grading.panels import reading
from app.grading.panels.models import Panel
from app.grading.panels.schemas import PanelRef
from app.grading.schemas import EvidenceRef, EvidenceShown, refs_of
from app.grading.team_traces.service import log_makers, maker_of
from app.learning.hand_ins.schemas import HandInShown
from app.learning.hand_ins.service import hand_in_of
from app.platform.audit.access_log import log_access
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.security.actor import Actor


def see_panel_work(db: Session, actor: Actor, panel_id: int, hand_in_id: int) -> HandInShown:
    """Return a hand-in that a panel judges, to one of its assessors; raise ``NotFound`` for any other."""
    ref = reading.see_panel(db, actor, panel_id)
    enrolment = enrolment_ref(db, ref.enrolment_id)
    named = EvidenceRef(kind=EvidenceKind.HAND_IN, id=hand_in_id)
    if not judges(db, actor, enrolment, ref) or named not in _refs(db, enrolment, ref):
        raise NotFound
    maker = maker_of(db, enrolment, hand_in_id)
    log_access(db, [(maker.person_id, maker.college_id)])
    return hand_in_of(db, maker, hand_in_id)


def evidence_to_judge(db: Session, actor: Actor, enrolment: EnrolmentRef, ref: PanelRef) -> list[EvidenceShown]:
    """Return the evidence of a panel to one of its assessors, nothing to anyone else."""
    if not judges(db, actor, enrolment, ref):
        return []
    named = _refs(db, enrolment, ref)
    pieces = [item for item in evidence_of(db, enrolment) if item.ref in named]
    log_makers(db, pieces)
    return pieces


def judges(db: Session, actor: Actor, enrolment: EnrolmentRef, ref: PanelRef) -> bool:
    """Return whether the actor is an assessor of the panel, and nothing keeps them from judging the person (BR-13)."""
    seated = actor.person_id in reading.seats_of(db, ref)
    return seated and actor.person_id in able_assessors(db, enrolment, ref.competency_code, [actor.person_id])


def _refs(db: Session, enrolment: EnrolmentRef, ref: PanelRef) -> tuple[EvidenceRef, ...]:
    contested = reading.contested(db, enrolment, ref)
    return contested.evidence if contested else refs_of(db.get_one(Panel, ref.id).evidence)
