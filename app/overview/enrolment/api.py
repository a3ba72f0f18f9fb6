"""JSON endpoint of what someone's departure would leave."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.overview.enrolment import service
from app.overview.enrolment.schemas import DepartureEffects
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["cohorts"])


@router.get("/enrolments/{enrolment_id}/departure-effects")
def read_departure_effects(
    db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_MANAGE)]
) -> DepartureEffects:
    """Return what a withdrawal or a suspension would leave, before it is decided: a group below its quorum (S4)."""
    return service.departure_effects(db, enrolment)
