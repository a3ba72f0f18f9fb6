"""Judgements: levels awarded on evidence, append-only; a later judgement supersedes an earlier one (BR-12)."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import exists
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlmodel import col, select

from app.accompaniment.interests.service import in_conflict
from app.codev.groups.models import CodevMembership
from app.codev.records.models import CodevRecord
from app.codev.sessions.models import CodevSession
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import curriculum_of, default_library
from app.grading.assessors import eligible_assessors
from app.grading.conflicts.models import AssessorException
from app.grading.drafts.models import JudgementDraft, JudgementDraftText
from app.grading.enums import EvidenceKind
from app.grading.evidence.service import evidence_refs
from app.grading.models import Judgement, JudgementEvidence
from app.grading.panels.enums import PanelKind
from app.grading.panels.models import Panel, PanelDecision
from app.grading.panels.rules import judging_reasons
from app.grading.rules import (
    RUNNING,
    activity_reasons,
    assessor_reasons,
    decision_reasons,
    evidence_reasons,
    highest_cells,
    level_reasons,
    superseding_reasons,
)
from app.grading.schemas import JudgeCommand, JudgementShown, RecentJudgement, refs_of_ids
from app.identity.roles.models import RoleGrantRow
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import Role


def judge(db: Session, actor: Actor, enrolment: EnrolmentRef, command: JudgeCommand) -> JudgementShown:
    """Award a level, or supersede a judgement; the same command sent again returns the first judgement.

    The enrolment is locked first: of two assessors who review one judgement at once, the second gets a
    ``Conflict``.
    """
    lock = sa.select(col(Enrolment.state)).where(col(Enrolment.id) == enrolment.id)
    if db.execute(lock.with_for_update(key_share=True)).scalar_one() not in RUNNING:
        raise Conflict("enrolment_not_running")
    curriculum = curriculum_of(enrolment)
    competency = default_library().framework_of(curriculum).by_code.get(command.competency_code)
    if competency is None:
        unknown = Reason("competency_unknown", {"competency": command.competency_code}, "competency_code")
        raise Invalid("invalid", unknown)
    facilitates, declared, has_draft, panels = _facts(db, actor, enrolment, command)
    refusals = _assessor_reasons(db, actor, enrolment, competency.code, facilitates=facilitates, declared=declared)
    if refusals:
        raise Forbidden("may_not_judge", *refusals)
    refused = judging_reasons(panels, command.supersedes)
    if refused:
        raise Conflict("panel_open", *refused)
    history = judgements(db, enrolment, competency=competency.code)
    repeated = next((j for j in history if _is_repeated(j, actor, command)), None)
    if repeated is not None:
        return repeated
    reasons = [
        *_superseding_reasons(actor, history, command),
        *level_reasons(
            competency, command.level, command.criteria_met, command.criteria_levels, command.criteria_feedback
        ),
        *decision_reasons(competency, command.level, command.criteria_met, command.comment, command.criteria_levels),
        *activity_reasons(curriculum, command.activity_code, competency.code),
        *evidence_reasons(curriculum, competency.code, command.evidence, evidence_refs(db, enrolment)),
    ]
    if reasons:
        raise Invalid("invalid", *reasons)
    if has_draft:
        _remove_drafts(db, actor, enrolment, command)
    shown = add_judgement(db, enrolment, command, actor.person_id, actor.name)
    tell_judged(db, enrolment, shown)
    return shown


def open_panels(db: Session, enrolment: EnrolmentRef, competency: str) -> list[tuple[PanelKind, int | None]]:
    """Return the open panels of a competency: their kind, and the judgement that each reviews."""
    statement = sa.select(col(Panel.kind), col(Panel.judgement_id)).where(_is_open_of(enrolment, competency))
    return [(kind, judged) for kind, judged in db.execute(statement)]


def _is_open_of(enrolment: EnrolmentRef, competency: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        col(Panel.enrolment_id) == enrolment.id,
        col(Panel.competency_code) == competency,
        ~exists().where(col(PanelDecision.panel_id) == Panel.id),
    )


def _facts(
    db: Session, actor: Actor, enrolment: EnrolmentRef, command: JudgeCommand
) -> tuple[bool, bool, bool, list[tuple[PanelKind, int | None]]]:
    """Return whether the actor facilitates, declared an interest and has a draft; the open panels of the competency.

    It is one statement, after the lock: an interest that is declared meanwhile locks the same enrolment, so that either
    this judgement is refused or that declaration finds it.
    """
    asked = (*_kept_from(actor, enrolment), exists().where(*_own_drafts(actor, enrolment, command)))
    statement = (
        sa.select(*asked, col(Panel.kind), col(Panel.judgement_id))
        .select_from(Enrolment)
        .outerjoin(Panel, _is_open_of(enrolment, command.competency_code))
        .where(col(Enrolment.id) == enrolment.id)
    )
    rows = db.execute(statement).all()
    facilitates, declared, has_draft, *_ = rows[0]
    return facilitates, declared, has_draft, [(row.kind, row.judgement_id) for row in rows if row.kind is not None]


def _own_drafts(actor: Actor, enrolment: EnrolmentRef, command: JudgeCommand) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions on the actor's drafts of the judgement that a command gives, on whichever work."""
    return (
        col(JudgementDraft.enrolment_id) == enrolment.id,
        col(JudgementDraft.competency_code) == command.competency_code,
        col(JudgementDraft.assessor_id) == actor.person_id,
        col(JudgementDraft.supersedes_id).is_not_distinct_from(command.supersedes),
    )


def _remove_drafts(db: Session, actor: Actor, enrolment: EnrolmentRef, command: JudgeCommand) -> None:
    """Remove the actor's drafts of what they judge: of each work that the judgement rests on, and of none."""
    statement = (
        select(JudgementDraft, JudgementDraftText)
        .join(JudgementDraftText, col(JudgementDraftText.draft_id) == JudgementDraft.id)
        .where(*_own_drafts(actor, enrolment, command))
        .with_for_update()
    )
    for draft, text in db.exec(statement).all():
        works = refs_of_ids((draft.hand_in_id, draft.mandate_id, draft.session_id))
        if set(works) <= set(command.evidence):
            db.delete(text)
            db.flush()
            db.delete(draft)


def assessor_refusals(
    db: Session, actor: Actor, enrolment: EnrolmentRef, competency: str, *, former: Collection[int] = ()
) -> list[Reason]:
    """Return why the actor may not judge a competency of this person (BR-13); no substitute is of ``former``."""
    statement = sa.select(*_kept_from(actor, enrolment)).where(col(Enrolment.id) == enrolment.id)
    facilitates, declared = db.execute(statement).one()
    return _assessor_reasons(
        db, actor, enrolment, competency, facilitates=facilitates, declared=declared, former=former
    )


def _kept_from(actor: Actor, enrolment: EnrolmentRef) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Return whether the actor facilitates a group of this person, without exception; declared an interest."""
    excepted = exists().where(
        col(AssessorException.enrolment_id) == enrolment.id, col(AssessorException.assessor_id) == actor.person_id
    )
    return _facilitates(actor, enrolment) & ~excepted, in_conflict(actor.person_id)


def _assessor_reasons(
    db: Session,
    actor: Actor,
    enrolment: EnrolmentRef,
    competency: str,
    *,
    facilitates: bool,
    declared: bool,
    former: Collection[int] = (),
) -> list[Reason]:
    """Return why the actor does not judge; of a declared interest, with a substitute."""
    others = eligible_assessors(db, enrolment, competency, former=[actor.person_id, *former]) if declared else ()
    return assessor_reasons(
        assessor=actor.person_id,
        participant=enrolment.person_id,
        competency=competency,
        facilitates=facilitates,
        declared=declared,
        substitute=others[0][1] if others else "",
    )


def _facilitates(actor: Actor, enrolment: EnrolmentRef) -> sa.ColumnElement[bool]:
    """Return whether the actor facilitates, or ever did, a codev group of this person or one of its sessions."""
    groups = select(CodevMembership.group_id).where(CodevMembership.enrolment_id == enrolment.id)
    facilitates_group = exists().where(
        col(RoleGrantRow.person_id) == actor.person_id,
        col(RoleGrantRow.role) == Role.FACILITATOR,
        col(RoleGrantRow.group_id).in_(groups),
    )
    facilitated_session = exists().where(
        col(CodevRecord.facilitator_id) == actor.person_id,
        col(CodevRecord.session_id) == CodevSession.id,
        col(CodevSession.group_id).in_(groups),
    )
    return facilitates_group | facilitated_session


def _is_repeated(judgement: JudgementShown, actor: Actor, command: JudgeCommand) -> bool:
    return (
        judgement.is_current
        and judgement.assessor_id == actor.person_id
        and judgement.level == command.level
        and list(judgement.criteria_met) == _criteria_met(command)
        and highest_cells(judgement.criteria_levels) == highest_cells(command.criteria_levels)
        and _feedback(judgement) == _feedback(command)
        and set(judgement.evidence) == set(command.evidence)
        and (judgement.activity_code, judgement.comment) == (command.activity_code, command.comment or "")
        and (judgement.supersedes_id, judgement.reason) == (command.supersedes, command.reason)
    )


def _superseding_reasons(actor: Actor, history: Sequence[JudgementShown], command: JudgeCommand) -> list[Reason]:
    """Return why the command cannot supersede: only a judgement in force of this competency and person can be."""
    if command.supersedes is None:
        return []
    before = next((j for j in history if j.id == command.supersedes), None)
    if before is None:
        return [Reason("judgement_unknown", {"id": command.supersedes}, "supersedes")]
    if not before.is_current:
        raise Conflict("judgement_superseded", Reason("judgement_superseded", {"id": before.id}, "supersedes"))
    return superseding_reasons(before, assessor=actor.person_id, level=command.level, reason=command.reason)


def _criteria_met(command: JudgeCommand) -> list[str]:
    """Return the criteria that a judgement keeps as met, in the order of their codes: ticked, or seen at some level."""
    return sorted({*command.criteria_met, *highest_cells(command.criteria_levels)})


def _feedback(said: JudgeCommand | JudgementShown) -> dict[str, str]:
    """Return what is said of single criteria, by their codes."""
    return {one.criterion: one.text for one in said.criteria_feedback}


def add_judgement(
    db: Session, enrolment: EnrolmentRef, command: JudgeCommand, assessor_id: int, assessor: str
) -> JudgementShown:
    """Write a judgement that the rules allow, by its assessor; of a panel, the one whose level it takes."""
    row = Judgement(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        competency_code=command.competency_code,
        activity_code=command.activity_code,
        level=command.level,
        criteria_met=_criteria_met(command),
        criteria_levels=highest_cells(command.criteria_levels),
        criteria_feedback=_feedback(command),
        comment=command.comment or "",
        validated_at=now(),
        assessor_id=assessor_id,
        supersedes_id=command.supersedes,
        reason=command.reason,
    )
    db.add(row)
    db.flush()
    evidence = tuple(dict.fromkeys(command.evidence))
    for ref in evidence:
        db.add(
            JudgementEvidence(
                college_id=enrolment.college_id,
                judgement_id=row.id,
                hand_in_id=ref.id if ref.kind is EvidenceKind.HAND_IN else None,
                mandate_id=ref.id if ref.kind is EvidenceKind.MANDATE else None,
                session_id=ref.id if ref.kind is EvidenceKind.SESSION else None,
            )
        )
    shown = row.model_dump(exclude={"college_id"})
    return JudgementShown(**shown, assessor=assessor, superseded_by=None, evidence=evidence)


def tell_judged(db: Session, enrolment: EnrolmentRef, row: JudgementShown) -> None:
    """Tell a person that a competency of theirs was judged; how is on their path, and in no e-mail."""
    competency = default_library().framework_of(curriculum_of(enrolment)).by_code[row.competency_code].title.text
    params = {"cohort": enrolment.cohort_title, "competency": competency}
    page = f"/parcours/{enrolment.id}"
    notify(db, Event(Kind.JUDGED, f"judgement:{row.id}", [enrolment.person_id], page, params, enrolment.college_id))


def judgements(db: Session, enrolment: EnrolmentRef, *, competency: str | None = None) -> list[JudgementShown]:
    """Return the judgements of an enrolment, newest first, in force and superseded, of one competency or of all."""
    of_competency = () if competency is None else (Judgement.competency_code == competency,)
    return _load_judgements(db, Judgement.enrolment_id == enrolment.id, *of_competency)


def recent_judgements(
    db: Session, enrolments: Sequence[EnrolmentRef], since: datetime, limit: int
) -> list[RecentJudgement]:
    """Return the last judgements in force of some enrolments, newest first."""
    statement = (
        sa.select(
            col(Judgement.enrolment_id),
            col(Judgement.competency_code),
            col(Judgement.validated_at),
            col(Enrolment.curriculum_slug),
            col(Enrolment.curriculum_version),
            col(Cohort.timezone),
        )
        .join(Enrolment, col(Enrolment.id) == Judgement.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .where(
            col(Judgement.enrolment_id).in_([enrolment.id for enrolment in enrolments]),
            col(Judgement.validated_at) >= since,
            not_superseded(Judgement),
        )
        .order_by(col(Judgement.validated_at).desc(), col(Judgement.id).desc())
        .limit(limit)
    )
    return [RecentJudgement.model_validate(row) for row in db.execute(statement)]


def see_judgement(db: Session, actor: Actor, judgement_id: int) -> JudgementShown:
    """Return a judgement within the actor's reach; raise ``NotFound`` for any other."""
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    statement = (
        sa.select(col(Enrolment.person_id), col(Enrolment.college_id))
        .join(Judgement, col(Judgement.enrolment_id) == Enrolment.id)
        .where(col(Judgement.id) == judgement_id, within)
    )
    owner = db.execute(statement).one_or_none()
    if owner is None:
        raise NotFound
    log_access(db, [(owner.person_id, owner.college_id)])
    return _load_judgements(db, Judgement.id == judgement_id)[0]


_EVIDENCE = (
    sa.select(
        sa.func.json_agg(
            aggregate_order_by(
                sa.func.json_build_array(
                    col(JudgementEvidence.hand_in_id),
                    col(JudgementEvidence.mandate_id),
                    col(JudgementEvidence.session_id),
                ),
                col(JudgementEvidence.id),
            ),
            type_=sa.JSON,
        )
    )
    .where(col(JudgementEvidence.judgement_id) == col(Judgement.id))
    .correlate(Judgement)
    .scalar_subquery()
    .label("evidence")
)


def _load_judgements(db: Session, *where: object) -> list[JudgementShown]:
    later = Judgement.__table__.alias("later")  # type: ignore[attr-defined]
    statement = (
        sa.select(
            col(Judgement.id),
            col(Judgement.enrolment_id),
            col(Judgement.competency_code),
            col(Judgement.activity_code),
            col(Judgement.level),
            col(Judgement.criteria_met),
            col(Judgement.criteria_levels),
            col(Judgement.criteria_feedback),
            col(Judgement.comment),
            col(Judgement.validated_at),
            col(Judgement.assessor_id),
            col(Judgement.supersedes_id),
            col(Judgement.reason),
            shown_name().label("assessor"),
            later.c.id.label("superseded_by"),
            _EVIDENCE,
        )
        .join(Enrolment, col(Enrolment.id) == Judgement.enrolment_id)
        .join(Person, col(Person.id) == Judgement.assessor_id)
        .outerjoin(later, later.c.supersedes_id == Judgement.id)
        .where(*where)  # type: ignore[arg-type]
        .order_by(col(Judgement.id).desc())
    )
    return [
        JudgementShown.model_validate(
            {**row, "evidence": [ref for ids in row["evidence"] or () for ref in refs_of_ids(ids)]}
        )
        for row in db.execute(statement).mappings()
    ]
