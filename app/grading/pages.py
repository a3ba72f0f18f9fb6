"""Pages of grading: the trainer's queue, and the form that judges a competency beside its evidence."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Query, Request, Response
from pydantic import Field, StringConstraints

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import reaches, see_enrolment
from app.curricula.library import curriculum_of, default_library
from app.curricula.rules import LEVELS
from app.curricula.schemas import Activity, Curriculum, Framework
from app.grading import service
from app.grading.comments import service as comments
from app.grading.drafts import service as drafts
from app.grading.drafts.schemas import DraftCommand, DraftKey, DraftPlace, draft_key, draft_path
from app.grading.enums import EvidenceKind
from app.grading.evidence.service import evidence_of
from app.grading.levels.service import levels_of
from app.grading.panels.reading import panels_of
from app.grading.queue.service import (
    list_queue,
    next_in_queue,
    previous_in_queue,
    queue_cohorts,
    queue_competencies,
    queue_counts,
)
from app.grading.rules import MASTERY, assessed_by, cell_levels, proposals, proposed, threshold
from app.grading.schemas import (
    CRITERIA_MAX,
    EVIDENCE_MAX,
    Cell,
    Comment,
    CriterionFeedback,
    CriterionText,
    EvidenceKey,
    EvidenceRef,
    EvidenceShown,
    JudgeCommand,
    JudgementShown,
    JudgeReason,
    QueueItem,
    QueueQuery,
    TypedCode,
    WorkName,
    name_of_work,
    refs_of,
    work_of_name,
)
from app.grading.team_traces.service import log_makers
from app.grading.works.rules import competencies_of
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.paging import LARGEST_ID
from app.platform.schema import BlankIsNone, Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_errors, form_on
from app.platform.web.forms.one_time import keyed_address, keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()

NEXT, STAY, DRAFT, FORGET, INSERT, KEEP = "next", "stay", "draft", "forget", "insert", "keep"
"""Where one goes after a judgement, and what is done in place of judging: the draft is saved, or forgotten, or saved
with a comment of one's own inserted, or with its comment kept to use again.
"""


class JudgeForm(Command):
    """The fields of :class:`JudgeCommand` as the form sends them, and where to go afterwards."""

    level: Annotated[int | None, Field(ge=1, le=4), BlankIsNone] = None
    criteria_met: tuple[TypedCode, ...] = Field(default=(), max_length=CRITERIA_MAX)
    cells: tuple[Cell, ...] = Field(default=(), max_length=LEVELS * CRITERIA_MAX)
    criterion: tuple[TypedCode, ...] = Field(default=(), max_length=CRITERIA_MAX)
    feedback: tuple[CriterionFeedback, ...] = Field(default=(), max_length=CRITERIA_MAX)
    evidence: tuple[EvidenceKey, ...] = Field(default=(), max_length=EVIDENCE_MAX)
    activity_code: Annotated[TypedCode | None, BlankIsNone] = None
    comment: Comment = None
    supersedes: Annotated[int | None, BlankIsNone] = None
    reason: JudgeReason = None
    work: Annotated[WorkName | None, BlankIsNone] = None
    then: Annotated[str, StringConstraints(max_length=20)] = STAY
    version: Annotated[int | None, Field(ge=0, le=LARGEST_ID), BlankIsNone] = None
    saved_comment: Annotated[int | None, Field(ge=1, le=LARGEST_ID), BlankIsNone] = None
    known: Annotated[int | None, Field(ge=0, le=LARGEST_ID), BlankIsNone] = None

    def command(self, competency: str) -> JudgeCommand:
        """Return the command for the service."""
        level = {} if self.level is None else {"level": self.level}
        with form_errors():
            return JudgeCommand(
                competency_code=competency,
                **level,
                criteria_met=self.criteria_met,
                criteria_levels=cell_levels(self.cells),
                criteria_feedback=self.said,
                evidence=self.refs,
                activity_code=self.activity_code,
                comment=self.comment,
                supersedes=self.supersedes,
                reason=self.reason,
            )

    def draft(self, inserted: str = "") -> DraftCommand:
        """Return what a draft of it says; a comment to insert stands after what was typed."""
        typed = "\n\n".join(part for part in (self.comment, inserted) if part)
        with form_errors():
            return DraftCommand(
                level=self.level,
                criteria_met=self.criteria_met,
                criteria_levels=cell_levels(self.cells),
                criteria_feedback=self.said,
                evidence=self.refs,
                activity_code=self.activity_code,
                comment=typed,
                reason=self.reason,
            )

    @property
    def said(self) -> tuple[CriterionText, ...]:
        """Return what was typed about single criteria."""
        texts = zip(self.criterion, self.feedback, strict=False)
        return tuple(CriterionText(criterion=code, text=text) for code, text in texts if text)

    @property
    def refs(self) -> tuple[EvidenceRef, ...]:
        """Return the evidence ticked."""
        return refs_of(self.evidence)

    @property
    def key(self) -> DraftKey:
        """Return the form that it is, as a draft knows it."""
        return draft_key(work_of_name(self.work), self.supersedes)


def grading_form_path(enrolment_id: int, competency: str, work: EvidenceRef | None = None) -> str:
    """Return the path of the form that judges a competency; ``work`` is the evidence shown first."""
    path = f"/parcours/{enrolment_id}/jugements/{competency}"
    return path if work is None else f"{path}?preuve={name_of_work(work)}"


def _same_form_path(place: DraftPlace) -> str:
    """Return the path of the form that a draft is of."""
    work = next(iter(place.key.works), None)
    asked = {"preuve": name_of_work(work) if work else None, "remplace": place.key.supersedes}
    query = urlencode({name: id_ for name, id_ in asked.items() if id_ is not None}, safe=":")
    path = grading_form_path(place.enrolment.id, place.competency)
    return f"{path}?{query}" if query else path


@router.get("/jugements")
def queue_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    query: Annotated[QueueQuery, Query()],
) -> Response:
    """The works to judge, oldest first."""
    waiting = ListView("/jugements", query, list_queue(db, actor, query))
    values: dict[str, Any] = {
        "queue": queue_counts(db, actor, view=query.view),
        "cohorts": queue_cohorts(db, actor),
        "waiting": waiting,
        "competencies": queue_competencies(),
    }
    return render(request, "grading/queue.html", **values, grading_form_path=grading_form_path)


@router.get("/jugements/voisine")
def neighbour(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    *,
    preuve: Annotated[WorkName | None, Query()] = None,
    parcours: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    avant: bool = False,
    apres: Annotated[TypedCode | None, Query()] = None,
) -> Response:
    """Go to the work that waits after another one, or before it; to the queue when none does.

    The links of the form lead here: reading the queue for both on each page would cost more than the page. ``apres`` is
    the competency about to be judged on it: a browser asks for what follows while its assessor writes (``judging.js``).
    """
    work = work_of_name(preuve)
    if work is not None and avant:
        return redirect_after_post(_path_to(request, previous_in_queue(db, actor, work, parcours)))
    following = next_in_queue(db, actor, work, parcours, judged=apres, is_to_come=apres is not None)
    return redirect_after_post(_path_to(request, following))


@router.get("/parcours/{enrolment_id}/jugements/{competency}", dependencies=[keyed_page()])
def grading_form(
    *,
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_READ)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_READ)],
    competency: str,
    preuve: Annotated[WorkName | None, Query()] = None,
    remplace: Annotated[int | None, Query()] = None,
) -> Response:
    """A competency of an enrolment: rubric and history for its readers, evidence and form for its assessors."""
    framework = _framework_with(enrolment, competency)
    curriculum = curriculum_of(enrolment)
    history = service.judgements(db, enrolment, competency=competency)
    replaced = next((j for j in history if j.id == remplace and j.is_current), None)
    judging = _form_context(db, actor, enrolment, competency=competency, work=work_of_name(preuve), replaced=replaced)
    return render(
        request,
        "grading/competency.html",
        criteria=framework.criteria,
        enrolment=enrolment,
        competency=framework.competency(competency),
        scale=framework.scale,
        mastery=MASTERY,
        proposals=proposals(framework.competency(competency)),
        threshold=threshold(curriculum, competency),
        history=history,
        replaced=replaced,
        evidence_titles={a.code: a.title.text for a in curriculum.activities},
        refusals=service.assessor_refusals(db, actor, enrolment, competency) if judging else (),
        judging=judging,
        grading_form_path=grading_form_path,
        weight=next(iter(levels_of(db, enrolment, history, judging["own_evidence"] if judging else None)), None),
        panels=[p for p in panels_of(db, actor, enrolment) if p.competency_code == competency],
        assesses_in_two=enrolment.person_id != actor.person_id
        and actor.can(P.PANEL_MANAGE)
        and reaches(db, actor, P.PANEL_MANAGE, enrolment),
    )


def _framework_with(enrolment: EnrolmentRef, competency: str) -> Framework:
    """Return the framework of an enrolment; raise ``NotFound`` when it has no such competency."""
    framework = default_library().framework_of(curriculum_of(enrolment))
    if competency not in framework.by_code:
        raise NotFound
    return framework


def _form_context(
    db: Session,
    actor: Actor,
    enrolment: EnrolmentRef,
    *,
    competency: str,
    work: EvidenceRef | None,
    replaced: JudgementShown | None,
) -> dict[str, Any] | None:
    """Return what the form shows to an actor who may judge this enrolment; ``None`` for a reader."""
    if not (actor.can(P.JUDGEMENT_MAKE) and reaches(db, actor, P.JUDGEMENT_MAKE, enrolment)):
        return None
    assessor = actor.using(P.JUDGEMENT_MAKE)
    curriculum = curriculum_of(enrolment)
    own = evidence_of(db, enrolment)
    evidence = [item for item in own if competency in assessed_by(curriculum, item.kind, item.activity_code)]
    shown = next((e for e in evidence if e.ref == work), None)
    log_makers(db, [shown] if shown else [])
    activity = shown.activity_code if shown else None
    key = draft_key(shown.ref if shown else None, replaced.id if replaced else None)
    place = DraftPlace(enrolment=enrolment, competency=competency, key=key)
    draft = drafts.read_draft(db, assessor, place)
    start = draft if draft.version else replaced
    shape = _framework_with(enrolment, competency).competency(competency)
    counts = queue_counts(db, assessor, shown.ref, enrolment.id) if shown else None
    return {
        "comments": comments.own_comments(db, assessor),
        "draft": draft,
        "start": start,
        "proposed": proposed(shape, start.criteria_met, start.criteria_levels) if start else None,
        "cells": {f"{cell.criterion}:{cell.level}" for cell in start.criteria_levels} if start else (),
        "said": {said.criterion: said.text for said in start.criteria_feedback} if start else {},
        "draft_path": draft_path(place),
        "form_path": _same_form_path(place),
        "readers": drafts.other_readers(db, assessor, place),
        "evidence": evidence,
        "own_evidence": own,
        "shown": shown,
        "work": name_of_work(shown.ref) if shown else "",
        "decides": shown and counts and not shown.author and (counts.waits or shown.kind is EvidenceKind.HAND_IN),
        "queue": counts,
        "following": _following_path(shown.ref, enrolment.id, competency) if shown and counts and counts.waits else "",
        "others": [c for c in (_assessed_with(curriculum, shown) if shown else ()) if c != competency],
        "activities": _activities(curriculum, competency),
        "activity": activity,
    }


def _following_path(work: EvidenceRef, enrolment_id: int, competency: str) -> str:
    """Return the path that leads to what waits once the competency is judged on a work."""
    asked = {"preuve": name_of_work(work), "parcours": enrolment_id, "apres": competency}
    return f"/jugements/voisine?{urlencode(asked, safe=':')}"


def _assessed_with(curriculum: Curriculum, shown: EvidenceShown) -> tuple[str, ...]:
    """Return the competencies that a piece of evidence is read for: those that it waits for, or of its module."""
    waits_for = competencies_of(curriculum, shown.kind, shown.activity_code)
    if waits_for or shown.activity_code is None:
        return waits_for
    return tuple(t.competency for t in curriculum.module_of(shown.activity_code).assesses)


def _activities(curriculum: Curriculum, competency: str) -> list[Activity]:
    """Return the activities that a judgement may name: those of the modules that assess the competency."""
    return [
        activity
        for module in curriculum.modules
        for activity in module.activities
        if not activity.formative and any(t.competency == competency for t in module.assesses)
    ]


@router.post(
    "/parcours/{enrolment_id}/jugements/{competency}",
    dependencies=[
        form_on("/parcours/{enrolment_id}/jugements/{competency}?preuve={work}&remplace={supersedes}", creates=True)
    ],
)
def judge(  # noqa: PLR0917 - what each dependency gives
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_MAKE)],
    competency: str,
    form: Annotated[JudgeForm, Form()],
) -> Response:
    """Record the judgement, then go to the next work, another competency of the same one, or this page again.

    Or save what is written so far as a draft, or forget that draft.
    """
    framework = _framework_with(enrolment, competency)
    place = DraftPlace(enrolment=enrolment, competency=competency, key=form.key)
    if form.then in {DRAFT, INSERT, KEEP}:
        chosen = form.saved_comment if form.then == INSERT else None
        inserted = comments.see_saved_comment(db, actor, chosen).text if chosen is not None else ""
        drafts.save_draft(db, actor, place, form.draft(inserted), version=form.version or 0)
        if form.then == KEEP and form.comment:
            comments.keep_text(db, actor, form.comment)
        return redirect_after_post(_same_form_path(place))
    if form.then == FORGET:
        drafts.discard_draft(db, actor, place, version=form.version or 0)
        return redirect_after_post(_same_form_path(place))
    command = form.command(competency)
    drafts.finish_draft(db, actor, place, version=form.version, known=form.known)
    service.judge(db, actor, enrolment, command)
    if form.then == NEXT:
        following = next_in_queue(db, actor, work_of_name(form.work), enrolment.id, judged=competency)
        return redirect_after_post(_path_to(request, following))
    stay_on = form.then if form.then in framework.by_code else competency
    return redirect_after_post(grading_form_path(enrolment.id, stay_on, work_of_name(form.work)))


def _path_to(request: Request, item: QueueItem | None) -> str:
    """Return the path of what waits, which a browser opens at once, or of the queue."""
    if item is None:
        return "/jugements"
    return keyed_address(request, grading_form_path(item.enrolment_id, item.competencies[0], item.evidence))
