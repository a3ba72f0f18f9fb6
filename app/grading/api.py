"""Judgements as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments import service as cohorts
from app.grading import service
from app.grading.queue import service as queue
from app.grading.schemas import JudgeCommand, JudgementShown, Queue
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["grading"], route_class=OnceRoute)


@router.post("/enrolments/{enrolment_id}/judgements", status_code=HTTPStatus.CREATED)
def judge(
    enrolment_id: int, command: JudgeCommand, db: SessionDep, actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)]
) -> JudgementShown:
    """Award a level on evidence, or replace a judgement with a reason; sent twice, it is one judgement."""
    return service.judge(db, actor, cohorts.see_enrolment(db, actor, enrolment_id), command)


@router.get("/enrolments/{enrolment_id}/judgements")
def judgements(
    enrolment_id: int, db: SessionDep, actor: Annotated[Actor, may(P.JUDGEMENT_READ)]
) -> list[JudgementShown]:
    """Judgements of an enrolment, newest first, those in force and those replaced."""
    return service.judgements(db, cohorts.see_enrolment(db, actor, enrolment_id))


@router.get("/judgements/{judgement_id}")
def judgement(judgement_id: int, db: SessionDep, actor: Annotated[Actor, may(P.JUDGEMENT_READ)]) -> JudgementShown:
    """One judgement."""
    return service.see_judgement(db, actor, judgement_id)


@router.get("/me/judgement-queue")
def judgement_queue(db: SessionDep, actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)]) -> Queue:
    """Hand-ins of my cohorts that no judgement rests on yet, oldest first."""
    return queue.queue(db, actor)
