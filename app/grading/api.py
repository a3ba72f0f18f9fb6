"""Judgements as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.access import Actor, P, may
from app.cohorts import service as cohorts
from app.db import SessionDep
from app.grading import service, service_evidence
from app.grading.schemas import JudgeCommand, JudgementShown, Queue
from app.idempotency import OnceRoute

router = APIRouter(tags=["grading"], route_class=OnceRoute)


@router.post("/enrolments/{enrolment_id}/judgements", status_code=HTTPStatus.CREATED)
def judge(
    enrolment_id: int, command: JudgeCommand, session: SessionDep, actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)]
) -> JudgementShown:
    """Award a level on evidence, or replace a judgement with a reason; sent twice, it is one judgement."""
    return service.judge(session, actor, cohorts.see_enrolment(session, actor, enrolment_id), command)


@router.get("/enrolments/{enrolment_id}/judgements")
def judgements(
    enrolment_id: int, session: SessionDep, actor: Annotated[Actor, may(P.JUDGEMENT_READ)]
) -> list[JudgementShown]:
    """Judgements of an enrolment, newest first, those in force and those replaced."""
    return service.judgements(session, cohorts.see_enrolment(session, actor, enrolment_id))


@router.get("/judgements/{judgement_id}")
def judgement(judgement_id: int, session: SessionDep, actor: Annotated[Actor, may(P.JUDGEMENT_READ)]) -> JudgementShown:
    """One judgement."""
    return service.see_judgement(session, actor, judgement_id)


@router.get("/me/judgement-queue")
def judgement_queue(session: SessionDep, actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)]) -> Queue:
    """Hand-ins of my cohorts that no judgement rests on yet, oldest first."""
    return service_evidence.queue(session, actor)
