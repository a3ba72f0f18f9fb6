"""Accompaniment over JSON: enterprises, mandates and their dated facts."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.rules import Stage
from app.accompaniment.mandates.schemas import Accompanied, MandatePage, MandateShown, MilestoneCommand, NewMandate
from app.cohorts.enrolments.service import see_enrolment
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["accompaniment"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED
Search = Annotated[str, Query(max_length=100, description="words of the name, accents and case aside, or an NEQ")]
After = Annotated[int | None, Query(description="`next` of the page before")]


@router.get("/enterprises/accompanied")
def accompanied(actor: Annotated[Actor, may(P.MANDATE_READ)], db: SessionDep) -> list[Accompanied]:
    """Distinct enterprises accompanied, by college: agreement, diagnostic and action plan (BR-15)."""
    return mandates.accompanied_enterprises(db, actor)


# Mandates ---------------------------------------------------------------------------------------


@router.get("/mandates")
def list_mandates(
    actor: Annotated[Actor, may(P.MANDATE_READ)],
    db: SessionDep,
    *,
    stage: Stage | None = None,
    college_id: int | None = None,
    mine: bool = False,
    after: After = None,
) -> MandatePage:
    """Mandates within reach, newest first; ``mine`` keeps those one is an advisor of."""
    return mandates.mandates(db, actor, at=stage, college_id=college_id, mine=mine, after=after)


@router.post("/enrolments/{enrolment_id}/mandates", status_code=CREATED)
def open_mandate(
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)], db: SessionDep, enrolment_id: int, command: NewMandate
) -> MandateShown:
    """Open a mandate for oneself, or for someone of one's college, even after the path (BR-18)."""
    advisors = [see_enrolment(db, actor, i) for i in (enrolment_id, *command.also_enrolments)]
    return mandates.open_mandate(db, actor, advisors, command)


@router.get("/mandates/{mandate_id}")
def mandate(actor: Annotated[Actor, may(P.MANDATE_READ)], db: SessionDep, mandate_id: int) -> MandateShown:
    """One mandate with its enterprise, advisors and facts."""
    return mandates.mandate(db, mandates.see_mandate(db, actor, mandate_id))


@router.post("/mandates/{mandate_id}/milestones", status_code=CREATED)
def record_milestone(
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)], db: SessionDep, mandate_id: int, command: MilestoneCommand
) -> MandateShown:
    """Record agreement, diagnostic or plan; correct the one in force by naming it in ``supersedes`` (409 ``stale``)."""
    return mandates.record_milestone(db, actor, mandates.see_mandate(db, actor, mandate_id), command)
