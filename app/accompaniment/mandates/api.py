"""Mandates and their milestones, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.rules import Stage
from app.accompaniment.mandates.schemas import (
    Accompanied,
    MandatePage,
    MandateRef,
    MandateShown,
    MilestoneCommand,
    NewMandate,
)
from app.accompaniment.mandates.service import see_mandate
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.platform.paging import After
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["accompaniment"], route_class=IdempotentRoute)

CREATED = HTTPStatus.CREATED


@router.get("/enterprises/accompanied")
def accompanied(actor: Annotated[Actor, may(P.MANDATE_READ)], db: SessionDep) -> list[Accompanied]:
    """Distinct enterprises accompanied, by college: with agreement, diagnostic and action plan (BR-15)."""
    return mandates.accompanied_enterprises(db, actor)


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
    """Mandates within reach, newest first; with ``mine``, those that the actor is an advisor of."""
    return mandates.mandates(db, actor, stage=stage, college_id=college_id, own_only=mine, after=after)


@router.post("/enrolments/{enrolment_id}/mandates", status_code=CREATED)
def open_mandate(
    db: SessionDep,
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.MANDATE_MANAGE)],
    command: NewMandate,
) -> MandateShown:
    """Open a mandate for oneself, or for someone of one's college, even after the path (BR-18)."""
    others = [see_enrolment(db, actor, enrolment_id) for enrolment_id in command.also_enrolments]
    return mandates.open_mandate(db, actor, [enrolment, *others], command)


@router.get("/mandates/{mandate_id}")
def read_mandate(db: SessionDep, mandate: Annotated[MandateRef, seen(see_mandate, P.MANDATE_READ)]) -> MandateShown:
    """One mandate with its enterprise, advisors and milestones."""
    return mandates.mandate(db, mandate)


@router.post("/mandates/{mandate_id}/milestones", status_code=CREATED)
def record_milestone(
    db: SessionDep,
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)],
    mandate: Annotated[MandateRef, seen(see_mandate, P.MANDATE_MANAGE)],
    command: MilestoneCommand,
) -> MandateShown:
    """Record agreement, diagnostic or plan; correct the one in force by naming it in ``supersedes`` (409 ``stale``)."""
    return mandates.record_milestone(db, actor, mandate, command)
