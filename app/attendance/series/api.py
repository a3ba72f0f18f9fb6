"""JSON endpoints of weekly series."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.attendance.calendar.schemas import SessionRow
from app.attendance.series import service
from app.attendance.series.schemas import ConfirmSeries, NewSeries, SeriesPreview
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)
Planner = Annotated[Actor, may(P.SESSION_MANAGE)]
PlannedCohort = Annotated[CohortRef, seen(see_cohort, P.SESSION_MANAGE)]


@router.post("/cohorts/{cohort_id}/session-series/preview", summary="Preview a weekly series")
def preview_series(actor: Planner, db: SessionDep, cohort: PlannedCohort, command: NewSeries) -> SeriesPreview:
    """Return the sessions of a weekly series, what each clashes with, and the days it passes over; it plans nothing.

    Send its `shown` back to plan it.
    """
    return service.preview(db, actor, cohort, command)


@router.post("/cohorts/{cohort_id}/session-series", status_code=HTTPStatus.CREATED, summary="Plan a weekly series")
def plan_series(actor: Planner, db: SessionDep, cohort: PlannedCohort, command: ConfirmSeries) -> list[SessionRow]:
    """Plan all sessions of a weekly series; each is then moved alone. Those online or hybrid have its link.

    409 `series_changed` when it would no longer be what `shown` names; planned already, 422 `no_session_to_plan`;
    without it, 422 `preview_needed`: read the series' preview first.
    """
    return service.plan_series(db, actor, cohort, command)
