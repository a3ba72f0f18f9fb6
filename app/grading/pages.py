"""The trainer's queue, and the page where a competency is judged with its evidence in view."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import Field, StringConstraints

from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.curricula.library import default_library
from app.curricula.schemas import Activity, Curriculum
from app.grading import service
from app.grading.enums import EvidenceKind
from app.grading.evidence import service as evidence_service
from app.grading.queue import service as queue_service
from app.grading.rules import MASTERY, threshold
from app.grading.schemas import (
    CRITERIA_MAX,
    EVIDENCE_MAX,
    BlankIsNone,
    Code,
    Comment,
    EvidenceRef,
    JudgeCommand,
    JudgeReason,
    Queue,
    QueueItem,
)
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)

NEXT, STAY = "next", "stay"
Ref = Annotated[str, StringConstraints(pattern=r"^(hand_in|mandate|session):[0-9]{1,9}$")]


class JudgeForm(Command):
    """The form: what :class:`JudgeCommand` says, in fields, and where to go afterwards."""

    level: Annotated[int, Field(ge=1, le=4)]
    criteria_met: tuple[Code, ...] = Field(default=(), max_length=CRITERIA_MAX)
    evidence: tuple[Ref, ...] = Field(default=(), max_length=EVIDENCE_MAX)
    activity_code: Annotated[Code | None, BlankIsNone] = None
    comment: Comment = None
    supersedes: Annotated[int | None, BlankIsNone] = None
    reason: JudgeReason = None
    hand_in: Annotated[int | None, BlankIsNone] = None
    then: Annotated[str, StringConstraints(max_length=20)] = STAY

    def command(self, competency: str) -> JudgeCommand:
        """As the service takes it."""
        pairs = (ref.split(":") for ref in self.evidence)
        return JudgeCommand(
            competency_code=competency,
            level=self.level,
            criteria_met=self.criteria_met,
            evidence=tuple(EvidenceRef(kind=EvidenceKind(kind), id=int(id_)) for kind, id_ in pairs),
            activity_code=self.activity_code,
            comment=self.comment,
            supersedes=self.supersedes,
            reason=self.reason,
        )


def grading_form_path(enrolment_id: int, competency: str, hand_in: int | None = None) -> str:
    """Where a competency of someone is judged; ``hand_in`` is the evidence to begin with."""
    path = f"/parcours/{enrolment_id}/jugements/{competency}"
    return path if hand_in is None else f"{path}?preuve={hand_in}"


@router.get("/jugements")
def queue_page(request: Request, db: SessionDep, actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)]) -> Response:
    """What there is to judge, oldest first."""
    return render(request, "grading/queue.html", queue=queue_service.queue(db, actor), bench_path=grading_form_path)


@router.get("/parcours/{enrolment_id}/jugements/{competency}")
def grading_form(
    *,
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_READ)],
    enrolment_id: int,
    competency: str,
    preuve: Annotated[int | None, Query()] = None,
    remplace: Annotated[int | None, Query()] = None,
) -> Response:
    """A competency of someone: rubric and history for who may read, evidence and form for who may judge."""
    enrolment = cohorts.see_enrolment(db, actor, enrolment_id)
    curriculum = default_library().curriculum(enrolment.curriculum_slug, enrolment.curriculum_version)
    framework = default_library().framework_of(curriculum)
    if competency not in framework.by_code:
        raise NotFound
    history = service.judgements(db, enrolment, competency=competency)
    return render(
        request,
        "grading/bench.html",
        enrolment=enrolment,
        competency=framework.competency(competency),
        scale=framework.scale,
        mastery=MASTERY,
        threshold=threshold(curriculum, competency),
        history=history,
        replaced=next((j for j in history if j.id == remplace and j.is_current), None),
        evidence_titles={a.code: a.title.text for a in curriculum.activities},
        desk=_form_context(db, actor, enrolment, curriculum=curriculum, competency=competency, hand_in=preuve),
        bench_path=grading_form_path,
    )


def _form_context(
    db: Session,
    actor: Actor,
    enrolment: EnrolmentRef,
    *,
    curriculum: Curriculum,
    competency: str,
    hand_in: int | None,
) -> dict[str, Any] | None:
    """What someone who may judge this person has at hand; ``None`` for a reader."""
    judge = actor.using(P.JUDGEMENT_MAKE)
    try:
        cohorts.see_enrolment(db, judge, enrolment.id)
    except NotFound:
        return None
    queue = queue_service.queue(db, judge)
    evidence = evidence_service.evidence_of(db, enrolment)
    shown = next((e for e in evidence if e.kind is EvidenceKind.HAND_IN and e.id == hand_in), None)
    first = shown.activity_code if shown else None
    return {
        "evidence": evidence,
        "shown": shown,
        "queue": queue,
        "place": _place(queue, hand_in),
        "others": [c for c in _assessed_with(curriculum, first) if c != competency],
        "activities": _activities(curriculum, competency, first),
        "activity": first,
    }


def _place(queue: Queue, hand_in: int | None) -> int | None:
    """The rank of a hand-in among all those to judge, from 1; those judged come before."""
    ranks = {item.hand_in_id: rank for rank, item in enumerate(queue.items, queue.judged + 1)}
    return ranks.get(hand_in) if hand_in is not None else None


def _assessed_with(curriculum: Curriculum, activity: str | None) -> list[str]:
    return [t.competency for t in curriculum.module_of(activity).assesses] if activity else []


def _activities(curriculum: Curriculum, competency: str, first: str | None) -> list[Activity]:
    """Activities that may be named as what was judged: those of modules that assess the competency."""
    return [
        activity
        for module in curriculum.modules
        for activity in module.activities
        if not activity.formative
        and (activity.code == first or any(t.competency == competency for t in module.assesses))
    ]


@router.post("/parcours/{enrolment_id}/jugements/{competency}")
def judge(
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    enrolment_id: int,
    competency: str,
    form: Annotated[JudgeForm, Form()],
) -> Response:
    """Keep the judgement, then the next hand-in, another competency of the same one, or this page again."""
    enrolment = cohorts.see_enrolment(db, actor, enrolment_id)
    framework = default_library().framework_of(
        default_library().curriculum(enrolment.curriculum_slug, enrolment.curriculum_version)
    )
    if competency not in framework.by_code:
        raise NotFound
    before = queue_service.queue(db, actor)
    service.judge(db, actor, enrolment, form.command(competency))
    if form.then == NEXT:
        following = _following(before, form.hand_in)
        if following is None:
            return redirect_after_post("/jugements")
        return redirect_after_post(
            grading_form_path(following.enrolment_id, following.competencies[0], following.hand_in_id)
        )
    stay_on = form.then if form.then in framework.by_code else competency
    return redirect_after_post(grading_form_path(enrolment_id, stay_on, form.hand_in))


def _following(queue: Queue, hand_in: int | None) -> QueueItem | None:
    """What comes after a hand-in in the queue as it was; the oldest of the others when it was the last."""
    places = [place for place, item in enumerate(queue.items) if item.hand_in_id == hand_in]
    after = queue.items[places[0] + 1 :] if places else ()
    others = [*after, *queue.items]
    return next((item for item in others if item.hand_in_id != hand_in), None)
