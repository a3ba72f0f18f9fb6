"""HTML pages of a cohort's life: its state and history, and the page that confirms each move."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.cohorts.enums import CohortState
from app.cohorts.lifecycle import service
from app.cohorts.lifecycle.rules import allowed_moves
from app.cohorts.lifecycle.schemas import MoveCohort, MoveCohortForm
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]


@router.get("/cohortes/{cohort_id}/etat")
def show_state(request: Request, db: SessionDep, cohort: ManagedCohort) -> Response:
    """Show a cohort's state, the moves that it may make, and those that it made."""
    history = service.moves(db, cohort)
    moves = service.possible_moves(cohort)
    return render(request, "cohorts/state.html", cohort=cohort, moves=moves, history=history)


@router.get("/cohortes/{cohort_id}/etat/{to}")
def confirm_move(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    cohort: ManagedCohort,
    to: CohortState,
) -> Response:
    """Show what a move would change, with the form that confirms it."""
    is_possible = to in allowed_moves(cohort.state)
    move = service.preview(db, actor, cohort, to)
    return render(request, "cohorts/move.html", cohort=cohort, move=move, is_possible=is_possible)


@router.post("/cohortes/{cohort_id}/etat/{to}", dependencies=[form_on("/cohortes/{cohort_id}/etat/{to}")])
def move(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    cohort: ManagedCohort,
    to: CohortState,
    form: Annotated[MoveCohortForm, Form()],
) -> Response:
    """Move a cohort to a state."""
    service.move(db, actor, cohort, MoveCohort(to=to, **form.model_dump()))
    return redirect_after_post(f"/cohortes/{cohort.id}/etat")
