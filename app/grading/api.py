"""Judgements as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.grading import service
from app.grading.queue import service as queues
from app.grading.schemas import JudgeCommand, JudgementShown, Queue, QueueView, TypedCode
from app.grading.service import see_judgement
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["grading"], route_class=IdempotentRoute)


@router.post("/enrolments/{enrolment_id}/judgements", status_code=HTTPStatus.CREATED)
def judge(
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_MAKE)],
    command: JudgeCommand,
) -> JudgementShown:
    """Award a level on evidence, or replace a judgement with a reason; sent twice, it is one judgement."""
    return service.judge(db, actor, enrolment, command)


@router.get("/enrolments/{enrolment_id}/judgements")
def judgements(
    db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_READ)]
) -> list[JudgementShown]:
    """Judgements of an enrolment, newest first, those in force and those replaced."""
    return service.judgements(db, enrolment)


@router.get("/judgements/{judgement_id}")
def read_judgement(judgement: Annotated[JudgementShown, seen(see_judgement, P.JUDGEMENT_READ)]) -> JudgementShown:
    """One judgement."""
    return judgement


@router.get("/me/judgement-queue")
def judgement_queue(
    *,
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    view: QueueView = QueueView.MINE,
    competency: TypedCode | None = None,
    after: After = None,
    limit: Limit = PAGE,
) -> Queue:
    """Hand-ins of which a competency, or that one, is still to judge, oldest first.

    Those of the actor's cohorts that are assigned to the actor or to nobody (``mine``), or all of them (``team``).
    """
    return queues.queue(db, actor, view=view, competency=competency, after=after, limit=limit)
