"""Accompaniment over JSON: enterprises, mandates and their dated facts."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.access import Actor, P, may
from app.accompaniment import service
from app.accompaniment import service_mandates as mandates
from app.accompaniment.rules import Stage
from app.accompaniment.schemas import (
    Accompanied,
    EnterprisePage,
    EnterpriseShown,
    MandatePage,
    MandateShown,
    MilestoneCommand,
    NewEnterprise,
    NewMandate,
)
from app.cohorts.service import see_enrolment
from app.db import SessionDep
from app.idempotency import OnceRoute
from app.network.service import see_college

router = APIRouter(tags=["accompaniment"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED
Search = Annotated[str, Query(max_length=100, description="words of the name, accents and case aside, or an NEQ")]
After = Annotated[int | None, Query(description="`next` of the page before")]

# Enterprises ------------------------------------------------------------------------------------


@router.get("/enterprises")
def enterprises(
    actor: Annotated[Actor, may(P.ENTERPRISE_READ)], session: SessionDep, search: Search = "", after: After = None
) -> EnterprisePage:
    """Enterprises by name: those of one's college, or of one's own mandates."""
    return service.enterprises(session, actor, search=search, after=after)


@router.get("/enterprises/accompanied")
def accompanied(actor: Annotated[Actor, may(P.MANDATE_READ)], session: SessionDep) -> list[Accompanied]:
    """Distinct enterprises accompanied, by college: agreement, diagnostic and action plan (BR-15)."""
    return mandates.accompanied_enterprises(session, actor)


@router.get("/enterprises/{enterprise_id}")
def enterprise(
    actor: Annotated[Actor, may(P.ENTERPRISE_READ)], session: SessionDep, enterprise_id: int
) -> EnterpriseShown:
    """One enterprise."""
    return service.see_enterprise(session, actor, enterprise_id)


@router.post("/colleges/{college_id}/enterprises", status_code=CREATED)
def add_enterprise(
    actor: Annotated[Actor, may(P.ENTERPRISE_MANAGE)], session: SessionDep, college_id: int, command: NewEnterprise
) -> EnterpriseShown:
    """Add an enterprise; 409 ``neq_taken`` when the college already knows its NEQ."""
    return service.add_enterprise(session, actor, see_college(session, actor, college_id), command)


# Mandates ---------------------------------------------------------------------------------------


@router.get("/mandates")
def list_mandates(
    actor: Annotated[Actor, may(P.MANDATE_READ)],
    session: SessionDep,
    *,
    stage: Stage | None = None,
    college_id: int | None = None,
    mine: bool = False,
    after: After = None,
) -> MandatePage:
    """Mandates within reach, newest first; ``mine`` keeps those one is an advisor of."""
    return mandates.mandates(session, actor, at=stage, college_id=college_id, mine=mine, after=after)


@router.post("/enrolments/{enrolment_id}/mandates", status_code=CREATED)
def open_mandate(
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)], session: SessionDep, enrolment_id: int, command: NewMandate
) -> MandateShown:
    """Open a mandate for oneself, or for someone of one's college, even after the path (BR-18)."""
    advisors = [see_enrolment(session, actor, i) for i in (enrolment_id, *command.also_enrolments)]
    return mandates.open_mandate(session, actor, advisors, command)


@router.get("/mandates/{mandate_id}")
def mandate(actor: Annotated[Actor, may(P.MANDATE_READ)], session: SessionDep, mandate_id: int) -> MandateShown:
    """One mandate with its enterprise, advisors and facts."""
    return mandates.mandate(session, mandates.see_mandate(session, actor, mandate_id))


@router.post("/mandates/{mandate_id}/milestones", status_code=CREATED)
def record_milestone(
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)], session: SessionDep, mandate_id: int, command: MilestoneCommand
) -> MandateShown:
    """Record agreement, diagnostic or plan; correct the one in force by naming it in ``supersedes`` (409 ``stale``)."""
    return mandates.record_milestone(session, actor, mandates.see_mandate(session, actor, mandate_id), command)
