"""Drafts of judgements: read and written by their author, each change naming the version that it was made from.

A draft ends when its judgement is validated (``app/grading/service.py``) or when its author discards it. Nothing of it
is in the audit record: the judgement that it ends as is.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from app.cohorts.models import Enrolment
from app.cohorts.service import require_enrolment_not_archived
from app.curricula.library import curriculum_of, default_library
from app.grading.drafts.models import JudgementDraft, JudgementDraftText
from app.grading.drafts.schemas import DraftCommand, DraftKey, DraftPlace, DraftShown
from app.grading.evidence.service import evidence_refs
from app.grading.models import Judgement
from app.grading.rules import RUNNING, highest_cells
from app.grading.schemas import refs_of
from app.grading.service import assessor_refusals
from app.people.models import Person, shown_name
from app.platform.audit.recorder import skip_audit
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Forbidden, Invalid, NotFound, Reason, Stale
from app.platform.security.actor import Actor


def read_draft(db: Session, actor: Actor, place: DraftPlace) -> DraftShown:
    """Return the actor's draft of a form; one of version 0, which says nothing, when there is none."""
    _check_competency(place)
    statement = (
        select(JudgementDraft, JudgementDraftText)
        .join(JudgementDraftText, col(JudgementDraftText.draft_id) == JudgementDraft.id)
        .where(*_is_of(actor, place))
    )
    row = db.exec(statement).one_or_none()
    return _empty(place) if row is None else _shown(*row)


def save_draft(db: Session, actor: Actor, place: DraftPlace, command: DraftCommand, *, version: int) -> DraftShown:
    """Write what a draft says; raise ``Stale``, with the present draft, for another version than it was made from.

    What is there already is not written again: an answer that was lost on its way refuses nothing.
    """
    _check_competency(place)
    _check_may_judge(db, actor, place)
    _check_evidence(db, place, command)
    draft = _begin(db, actor, place) if version == 0 else None
    is_new = draft is not None
    if draft is None:
        draft = _locked(db, actor, place)
    if draft is None:
        raise Stale(None, Reason("draft_gone", field="version"))
    columns = _columns(command)
    text = db.exec(select(JudgementDraftText).where(JudgementDraftText.draft_id == draft.id)).one_or_none()
    if text is None:
        text = JudgementDraftText(
            college_id=draft.college_id, draft_id=draft.id, assessor_id=draft.assessor_id, **columns
        )
    elif text.model_dump(include=set(columns)) == columns:
        return _shown(draft, text)
    elif version != draft.version:
        raise Stale(None, _stale_reason(draft, text))
    else:
        text.sqlmodel_update(columns)
    if not is_new:
        draft.version, draft.changed_at = draft.version + 1, now()
    db.add(draft)
    db.add(text)
    db.flush()
    return _shown(draft, text)


def discard_draft(db: Session, actor: Actor, place: DraftPlace, *, version: int) -> None:
    """Remove a draft; raise ``NotFound`` when there is none, ``Stale`` for another version than was read."""
    draft = _locked(db, actor, place)
    if draft is None:
        raise NotFound
    text = _text_of(db, draft)
    if draft.version != version:
        raise Stale(None, _stale_reason(draft, text))
    _remove(db, draft, text)


def finish_draft(db: Session, actor: Actor, place: DraftPlace, *, version: int | None, known: int | None) -> None:
    """Remove the draft of a form that is validated, if there is one.

    Raise ``Stale`` when a judgement of the competency was validated since ``known``, the last one that the form showed,
    or when the draft changed since ``version``, in another tab: nobody validates without having read it. ``None``
    compares nothing.
    """
    lock = sa.select(col(Enrolment.id)).where(col(Enrolment.id) == place.enrolment.id)
    db.execute(lock.with_for_update(key_share=True))
    if known is not None:
        newer = select(Judgement).where(
            Judgement.enrolment_id == place.enrolment.id,
            Judgement.competency_code == place.competency,
            col(Judgement.id) > known,
        )
        latest = db.exec(newer.order_by(col(Judgement.id).desc())).first()
        if latest is not None:
            raise Stale(None, Reason("judged_meanwhile", {"level": latest.level}, "known"))
    draft = _locked(db, actor, place)
    if draft is None:
        return
    text = _text_of(db, draft)
    if version is not None and version != draft.version:
        raise Stale(None, _stale_reason(draft, text))
    _remove(db, draft, text)


def other_readers(db: Session, actor: Actor, place: DraftPlace) -> list[str]:
    """Return the names of the other people who are writing a judgement of the competency on the same work."""
    columns = JudgementDraft.__table__.c  # type: ignore[attr-defined]
    works = place.key.model_dump(exclude={"supersedes"})
    statement = (
        sa.select(shown_name())
        .select_from(JudgementDraft)
        .join(Person, col(Person.id) == JudgementDraft.assessor_id)
        .where(
            columns.enrolment_id == place.enrolment.id,
            columns.competency_code == place.competency,
            columns.assessor_id != actor.person_id,
            *(columns[name].is_not_distinct_from(value) for name, value in works.items()),
        )
        .distinct()
    )
    return list(db.execute(statement).scalars())


def _locked(db: Session, actor: Actor, place: DraftPlace) -> JudgementDraft | None:
    statement = select(JudgementDraft).where(*_is_of(actor, place)).with_for_update()
    return db.exec(statement.execution_options(populate_existing=True)).one_or_none()


def _text_of(db: Session, draft: JudgementDraft) -> JudgementDraftText:
    return db.exec(select(JudgementDraftText).where(JudgementDraftText.draft_id == draft.id)).one()


def _remove(db: Session, draft: JudgementDraft, text: JudgementDraftText) -> None:
    db.delete(text)
    db.flush()
    db.delete(draft)
    db.flush()


def _check_competency(place: DraftPlace) -> None:
    if place.competency not in default_library().framework_of(curriculum_of(place.enrolment)).by_code:
        raise NotFound


def _check_may_judge(db: Session, actor: Actor, place: DraftPlace) -> None:
    its = col(Enrolment.id) == place.enrolment.id
    state = db.execute(sa.select(col(Enrolment.state)).where(its)).scalar_one()
    if state not in RUNNING:
        raise Conflict("enrolment_not_running")
    require_enrolment_not_archived(db, place.enrolment.id)
    refusals = assessor_refusals(db, actor, place.enrolment, place.competency)
    if refusals:
        raise Forbidden("may_not_judge", *refusals)


def _check_evidence(db: Session, place: DraftPlace, command: DraftCommand) -> None:
    """Raise ``Invalid`` for evidence that is not of this person: a draft names what its judgement may rest on."""
    own = evidence_refs(db, place.enrolment) if command.evidence else {}
    reasons = [
        Reason("evidence_unknown", {"kind": ref.kind.value, "id": ref.id}, f"evidence.{index}")
        for index, ref in enumerate(command.evidence)
        if ref not in own
    ]
    if reasons:
        raise Invalid("invalid", *reasons)


def _begin(db: Session, actor: Actor, place: DraftPlace) -> JudgementDraft | None:
    """Return a new draft, without its text; ``None`` when there is one already: of two first saves, one begins it."""
    _check_key(db, place)
    values = {
        "college_id": place.enrolment.college_id,
        "enrolment_id": place.enrolment.id,
        "competency_code": place.competency,
        "assessor_id": actor.person_id,
        **_key_columns(place.key),
        "version": 1,
        "begun_at": now(),
        "changed_at": now(),
    }
    begin = insert(JudgementDraft).values(values).on_conflict_do_nothing(constraint="uq_judgement_draft_form")
    id_ = db.execute(begin.returning(col(JudgementDraft.id))).scalar_one_or_none()
    if id_ is None:
        return None
    skip_audit(db, "judgement_draft")
    return db.get_one(JudgementDraft, id_)


def _check_key(db: Session, place: DraftPlace) -> None:
    """Raise ``Invalid`` when the work or the judgement to replace is not of this person and competency."""
    key, enrolment = place.key, place.enrolment
    if len(key.works) > 1:
        raise Invalid("invalid", Reason("one_work_only", field="hand_in_id"))
    own = evidence_refs(db, enrolment) if key.works else {}
    reasons = [
        Reason("evidence_unknown", {"kind": ref.kind.value, "id": ref.id}, f"{ref.kind.value}_id")
        for ref in key.works
        if ref not in own
    ]
    if key.supersedes is not None:
        replaced = select(Judgement.id).where(
            Judgement.id == key.supersedes,
            Judgement.enrolment_id == enrolment.id,
            Judgement.competency_code == place.competency,
        )
        if db.exec(replaced).one_or_none() is None:
            reasons.append(Reason("judgement_unknown", {"id": key.supersedes}, "supersedes"))
    if reasons:
        raise Invalid("invalid", *reasons)


def _key_columns(key: DraftKey) -> dict[str, int | None]:
    return {**key.model_dump(exclude={"supersedes"}), "supersedes_id": key.supersedes}


def _is_of(actor: Actor, place: DraftPlace) -> list[ColumnElement[bool]]:
    """Return the conditions that a draft is the actor's, of one form."""
    columns = JudgementDraft.__table__.c  # type: ignore[attr-defined]
    return [
        columns.enrolment_id == place.enrolment.id,
        columns.competency_code == place.competency,
        columns.assessor_id == actor.person_id,
        *(columns[name].is_not_distinct_from(value) for name, value in _key_columns(place.key).items()),
    ]


def _columns(command: DraftCommand) -> dict[str, Any]:
    return {
        "level": command.level,
        "criteria_met": sorted(set(command.criteria_met)),
        "criteria_levels": highest_cells(command.criteria_levels),
        "criteria_feedback": {said.criterion: said.text for said in command.criteria_feedback},
        "evidence": [ref.key for ref in dict.fromkeys(command.evidence)],
        "activity_code": command.activity_code,
        "comment": command.comment or "",
        "reason": command.reason or "",
    }


def _empty(place: DraftPlace) -> DraftShown:
    return DraftShown(
        enrolment_id=place.enrolment.id,
        competency_code=place.competency,
        version=0,
        changed_at=None,
        level=None,
        criteria_met=(),
        criteria_levels=(),
        criteria_feedback=(),
        evidence=(),
        activity_code=None,
        comment="",
        reason="",
    )


def _shown(draft: JudgementDraft, text: JudgementDraftText) -> DraftShown:
    return DraftShown(
        enrolment_id=draft.enrolment_id,
        competency_code=draft.competency_code,
        version=draft.version,
        changed_at=draft.changed_at,
        level=text.level,
        criteria_met=tuple(text.criteria_met),
        criteria_levels=text.criteria_levels,
        criteria_feedback=text.criteria_feedback,
        evidence=refs_of(text.evidence),
        activity_code=text.activity_code,
        comment=text.comment,
        reason=text.reason,
    )


def _stale_reason(draft: JudgementDraft, text: JudgementDraftText) -> Reason:
    """Return the reason of a stale change: it carries the draft as it stands now, for its author."""
    present = {
        "version": draft.version,
        "level": text.level,
        "criteria": ", ".join(text.criteria_met),
        "cells": ", ".join(f"{code}:{level}" for code, level in sorted(text.criteria_levels.items())),
        "evidence": ", ".join(text.evidence),
        "activity": text.activity_code,
        "comment": text.comment,
        "reason": text.reason,
        **{f"feedback.{code}": said for code, said in text.criteria_feedback.items()},
    }
    return Reason("draft_stale", present, "version")
