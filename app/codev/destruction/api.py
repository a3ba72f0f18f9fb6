"""A college's schedule of destruction, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.codev.destruction import service
from app.codev.destruction.schemas import DryRunQuery, ScheduleCommand, ScheduleShown
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)

OfCollege = Annotated[CollegeShown, seen(see_college, P.CODEV_MANAGE)]


@router.get("/colleges/{college_id}/confidences")
def read_schedule(db: SessionDep, college: OfCollege, query: Annotated[DryRunQuery, Query()]) -> ScheduleShown:
    """When what groups wrote is destroyed, and a dry run of `days`: what would go, and when, in counts."""
    return service.schedule(db, college, query.days)


@router.put("/colleges/{college_id}/confidences")
def confirm_schedule(
    db: SessionDep, actor: Annotated[Actor, may(P.CODEV_MANAGE)], college: OfCollege, command: ScheduleCommand
) -> ScheduleShown:
    """Confirm the schedule, or take it back by leaving `days` out: nothing is destroyed before it is confirmed."""
    return service.confirm(db, actor, college, command)
