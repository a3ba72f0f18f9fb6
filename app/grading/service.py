"""Judging: levels awarded on evidence, append-only; what replaces a judgement names it (BR-12)."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import exists
from sqlmodel import col, select

from app.codev.groups.models import CodevMembership
from app.codev.records.models import CodevRecord
from app.codev.sessions.models import CodevSession
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Enrolment
from app.curricula.library import default_library
from app.curricula.schemas import Competency, Curriculum
from app.grading.enums import EvidenceKind
from app.grading.evidence.service import evidence_of
from app.grading.models import Judgement, JudgementEvidence
from app.grading.rules import (
    RUNNING,
    activity_reasons,
    assessor_reasons,
    evidence_reasons,
    level_reasons,
    superseding_reasons,
)
from app.grading.schemas import EvidenceRef, JudgeCommand, JudgementShown
from app.identity.roles.models import RoleGrantRow
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import Role

# Judging ----------------------------------------------------------------------------------------


def judge(db: Session, actor: Actor, enrolment: EnrolmentRef, command: JudgeCommand) -> JudgementShown:
    """Award a level, or replace a judgement; the same one sent again is one judgement.

    The enrolment is locked first: two assessors who review one judgement come one after the other, and
    the second is told.
    """
    locked = select(Enrolment.state).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)
    state = db.exec(locked).one()
    if state not in RUNNING:
        raise Conflict("enrolment_not_running")
    competency = _competency(enrolment, command.competency_code)
    if competency is None:
        unknown = Reason("competency_unknown", {"competency": command.competency_code}, "competency_code")
        raise Invalid("invalid", unknown)
    may_not = assessor_reasons(
        assessor=actor.person_id,
        participant=enrolment.person_id,
        competency=competency.code,
        facilitates=_facilitates(db, actor, enrolment),
    )
    if may_not:
        raise Forbidden("may_not_judge", *may_not)
    history = judgements(db, enrolment, competency=competency.code)
    again = next((j for j in history if _is_same(j, actor, command)), None)
    if again is not None:
        return again
    reasons = [
        *_superseding(actor, history, command),
        *level_reasons(competency, command.level, command.criteria_met),
        *activity_reasons(_curriculum(enrolment), command.activity_code),
        *evidence_reasons(command.evidence, {e.ref for e in evidence_of(db, enrolment)}),
    ]
    if reasons:
        raise Invalid("invalid", *reasons)
    return _write(db, actor, enrolment, command)


def _curriculum(enrolment: EnrolmentRef) -> Curriculum:
    return default_library().curriculum(enrolment.curriculum_slug, enrolment.curriculum_version)


def _competency(enrolment: EnrolmentRef, code: str) -> Competency | None:
    return default_library().framework_of(_curriculum(enrolment)).by_code.get(code)


def _facilitates(db: Session, actor: Actor, enrolment: EnrolmentRef) -> bool:
    """Whether the actor leads or led a codev group of this person, or one of its sessions: BR-13 does not expire."""
    groups = select(CodevMembership.group_id).where(CodevMembership.enrolment_id == enrolment.id)
    leads = exists().where(
        col(RoleGrantRow.person_id) == actor.person_id,
        col(RoleGrantRow.role) == Role.FACILITATOR,
        col(RoleGrantRow.group_id).in_(groups),
    )
    led = exists().where(
        col(CodevRecord.facilitator_id) == actor.person_id,
        col(CodevRecord.session_id) == CodevSession.id,
        col(CodevSession.group_id).in_(groups),
    )
    return bool(db.execute(sa.select(leads | led)).scalar_one())


def _is_same(known: JudgementShown, actor: Actor, command: JudgeCommand) -> bool:
    return (
        known.is_current
        and known.assessor_id == actor.person_id
        and known.level == command.level
        and set(known.criteria_met) == set(command.criteria_met)
        and set(known.evidence) == set(command.evidence)
        and (known.activity_code, known.comment) == (command.activity_code, command.comment or "")
        and (known.supersedes_id, known.reason) == (command.supersedes, command.reason)
    )


def _superseding(actor: Actor, history: Sequence[JudgementShown], command: JudgeCommand) -> list[Reason]:
    """Only a judgement of the same competency and person, in force, can be replaced."""
    if command.supersedes is None:
        return []
    before = next((j for j in history if j.id == command.supersedes), None)
    if before is None:
        return [Reason("judgement_unknown", {"id": command.supersedes}, "supersedes")]
    if not before.is_current:
        raise Conflict("judgement_superseded", Reason("judgement_superseded", {"id": before.id}, "supersedes"))
    return superseding_reasons(before, assessor=actor.person_id, level=command.level, reason=command.reason)


def _write(db: Session, actor: Actor, enrolment: EnrolmentRef, command: JudgeCommand) -> JudgementShown:
    row = Judgement(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        competency_code=command.competency_code,
        activity_code=command.activity_code,
        level=command.level,
        criteria_met=sorted(set(command.criteria_met)),
        comment=command.comment or "",
        validated_at=now(),
        assessor_id=actor.person_id,
        supersedes_id=command.supersedes,
        reason=command.reason,
    )
    db.add(row)
    db.flush()
    for ref in dict.fromkeys(command.evidence):
        link = JudgementEvidence(college_id=enrolment.college_id, judgement_id=row.id)
        setattr(link, f"{ref.kind.value}_id", ref.id)
        db.add(link)
    db.flush()
    return _shown(db, Judgement.id == row.id)[0]


# Reading ----------------------------------------------------------------------------------------


def judgements(db: Session, enrolment: EnrolmentRef, *, competency: str | None = None) -> list[JudgementShown]:
    """Judgements of an enrolment, newest first, those in force and those replaced."""
    about = () if competency is None else (Judgement.competency_code == competency,)
    return _shown(db, Judgement.enrolment_id == enrolment.id, *about)


def see_judgement(db: Session, actor: Actor, judgement_id: int) -> JudgementShown:
    """A judgement within the actor's reach."""
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    whose = (
        sa.select(col(Enrolment.person_id), col(Enrolment.college_id))
        .join(Judgement, col(Judgement.enrolment_id) == Enrolment.id)
        .where(col(Judgement.id) == judgement_id, within)
    )
    found = db.execute(whose).one_or_none()
    if found is None:
        raise NotFound
    log_access(db, [(found.person_id, found.college_id)])
    return _shown(db, Judgement.id == judgement_id)[0]


def _shown(db: Session, *where: object) -> list[JudgementShown]:
    later = Judgement.__table__.alias("later")  # type: ignore[attr-defined]
    own_columns = (col(getattr(Judgement, name)) for name in JudgementShown.model_fields if hasattr(Judgement, name))
    statement = (
        sa.select(*own_columns, shown_name().label("assessor"), later.c.id.label("superseded_by"))
        .join(Enrolment, col(Enrolment.id) == Judgement.enrolment_id)
        .join(Person, col(Person.id) == Judgement.assessor_id)
        .outerjoin(later, later.c.supersedes_id == Judgement.id)
        .where(*where)  # type: ignore[arg-type]
        .order_by(col(Judgement.id).desc())
    )
    found = [dict(row) for row in db.execute(statement).mappings()]
    evidence = _evidence(db, [row["id"] for row in found])
    return [JudgementShown(**row, evidence=tuple(evidence[row["id"]])) for row in found]


def _evidence(db: Session, ids: Sequence[int]) -> dict[int, list[EvidenceRef]]:
    link = JudgementEvidence
    statement = (
        sa.select(col(link.judgement_id), col(link.hand_in_id), col(link.mandate_id), col(link.session_id))
        .where(col(link.judgement_id).in_(ids))
        .order_by(col(link.id))
    )
    found: dict[int, list[EvidenceRef]] = defaultdict(list)
    for judgement_id, *targets in db.execute(statement):
        kind, target = next((k, i) for k, i in zip(EvidenceKind, targets, strict=True) if i is not None)
        found[judgement_id].append(EvidenceRef(kind=kind, id=target))
    return found
