"""JSON endpoints of a cohort's life: preview a move, make it, list those made."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enums import CohortState
from app.cohorts.lifecycle import service
from app.cohorts.lifecycle.schemas import CohortMoved, CohortMoveShown, MoveCohort, MovePreview
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]


@router.get("/cohorts/{cohort_id}/moves")
def cohort_moves(db: SessionDep, cohort: ManagedCohort) -> list[CohortMoveShown]:
    """List the changes of a cohort's state, newest first."""
    return service.moves(db, cohort)


@router.get("/cohorts/{cohort_id}/moves/{to}")
def preview_move(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], db: SessionDep, cohort: ManagedCohort, to: CohortState
) -> MovePreview:
    """Return what a move would change, and what stands in its way; send its `shown` back with the move."""
    return service.preview(db, actor, cohort, to)


@router.post("/cohorts/{cohort_id}/moves", status_code=HTTPStatus.CREATED)
def move_cohort(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], db: SessionDep, cohort: ManagedCohort, command: MoveCohort
) -> CohortMoved:
    """Move a cohort: open a draft, start it, close it, archive it, or take a move back with a reason.

    Starting makes everyone admitted active, but oneself. 422 `preview_needed` without `shown`: read what the move would
    change first. 409 `cohort_changed` when that is no longer what `shown` marks, `starts_early` before the first day
    without a reason, or what stands in the way.
    """
    return service.move(db, actor, cohort, command)
