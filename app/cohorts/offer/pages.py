"""Pages of cohorts: the list, the board, applications, cohorts open to applications."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import AfterValidator

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import ApplyCommand
from app.cohorts.offer import service
from app.cohorts.pages import path_titles
from app.curricula.library import default_library
from app.network import service as network
from app.platform.schema import clean
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)

Search = Annotated[str, Query(max_length=100), AfterValidator(clean)]


# Applying ---------------------------------------------------------------------------------------


@router.get("/cohortes-ouvertes")
def open_cohorts(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    db: SessionDep,
    recherche: Search = "",
) -> Response:
    """Cohorts of every college that take applications."""
    found = service.open_cohorts(db, actor, search=recherche)
    return render(request, "cohorts/open.html", cohorts=found, search=recherche, paths=path_titles())


@router.get("/cohortes-ouvertes/{cohort_id}")
def apply_form(
    request: Request, actor: Annotated[Actor, may(P.COHORT_APPLY)], db: SessionDep, cohort_id: int
) -> Response:
    """A cohort to apply to."""
    cohort = cohorts.see_open_cohort(db, cohort_id)
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    mine = {c.id: c.my_state for c in service.open_cohorts(db, actor)}.get(cohort_id)
    values: dict[str, Any] = {"cohort": cohort, "curriculum": curriculum, "my_state": mine}
    return render(request, "cohorts/apply.html", **values, college=network.college(db, cohort.college_id))


@router.post("/cohortes-ouvertes/{cohort_id}")
def apply(
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    db: SessionDep,
    cohort_id: int,
    form: Annotated[ApplyCommand, Form()],
) -> Response:
    """Apply; the page then says that the application was received."""
    enrolments.apply(db, actor, cohorts.see_open_cohort(db, cohort_id), form)
    return redirect_after_post(f"/cohortes-ouvertes/{cohort_id}")
