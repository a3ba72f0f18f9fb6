"""Pages of cohorts: the list, the board, applications, cohorts open to applications."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, ValidationError

from app.cohorts import service
from app.cohorts.enums import Phase
from app.cohorts.offer import service as offer
from app.cohorts.schemas import ApplicationsOpen, CapacityCommand, NewCohort, NewCohortForm, StaffCommand
from app.curricula.library import default_library
from app.network import service as network
from app.platform.database.session import Session
from app.platform.errors import DomainError, NotFound
from app.platform.messages.i18n import explain, today
from app.platform.schema import clean
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)

Search = Annotated[str, Query(max_length=100), AfterValidator(clean)]
BLANK = dict.fromkeys(NewCohortForm.model_fields, "")


@router.get("/cohortes")
def cohorts(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_READ)],
    db: SessionDep,
    recherche: Search = "",
) -> Response:
    """My cohorts."""
    found = service.cohorts(db, actor, search=recherche)
    return render(request, "cohorts/list.html", cohorts=found, search=recherche, paths=path_titles(), today=today())


def path_titles() -> dict[str, str]:
    library = default_library()
    return {slug: library.curriculum(slug, library.versions(slug)[-1]).title.text for slug in library.slugs}


# A new cohort -----------------------------------------------------------------------------------


@router.get("/cohortes/nouvelle")
def new_cohort(request: Request, actor: Annotated[Actor, may(P.COHORT_MANAGE)], db: SessionDep) -> Response:
    """The form of a new cohort."""
    return render(request, "cohorts/new.html", **_choices(db, actor), typed=BLANK, errors=BLANK, refused=False)


def _choices(db: Session, actor: Actor) -> dict[str, Any]:
    colleges = offer.managed_colleges(db, actor)
    return {
        "colleges": [(c.id, c.name) for c in colleges],
        "projects": [(p.id, p.name) for p in network.projects(db)],
        "regions": [(r.code, r.name) for r in network.regions(db)],
        "paths": offer.published_paths(db),
        "phases": tuple(Phase),
        "home": colleges[0] if colleges else None,
    }


@router.post("/cohortes")
def open_cohort(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    form: Annotated[NewCohortForm, Form()],
) -> Response:
    """Open a cohort, then look at it; a refusal shows the form again as it was filled."""
    try:
        command = NewCohort.model_validate(form.fields)
    except ValidationError as error:
        found = [{**e, "loc": ("body", *e["loc"])} for e in error.errors()]
        raise RequestValidationError(found) from error
    try:
        cohort = service.open_cohort(db, actor, network.college(db, form.college_id), command)
    except NotFound:
        raise
    except DomainError as error:
        named = {"curriculum_version": "path"}
        errors = BLANK | {named.get(r.field or "", r.field): explain(r) for r in error.reasons}
        values = {**_choices(db, actor), "typed": form.model_dump(mode="json"), "errors": errors, "refused": True}
        return render(request, "cohorts/new.html", status=error.status, **values)
    return redirect_after_post(f"/cohortes/{cohort.id}")


@router.post("/cohortes/{cohort_id}/ouverture")
def set_applications(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    cohort_id: int,
    form: Annotated[ApplicationsOpen, Form()],
) -> Response:
    """Open or close a cohort to applications."""
    service.set_applications(db, service.see_cohort(db, actor, cohort_id), is_open=form.is_open)
    return redirect_after_post(f"/cohortes/{cohort_id}")


@router.post("/cohortes/{cohort_id}/places")
def set_capacity(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    cohort_id: int,
    form: Annotated[CapacityCommand, Form()],
) -> Response:
    """Change the number of seats."""
    service.set_capacity(db, service.see_cohort(db, actor, cohort_id), form)
    return redirect_after_post(f"/cohortes/{cohort_id}")


@router.post("/cohortes/{cohort_id}/equipe")
def add_staff(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    cohort_id: int,
    form: Annotated[StaffCommand, Form()],
) -> Response:
    """Give the cohort a trainer."""
    service.add_staff(db, actor, service.see_cohort(db, actor, cohort_id), form)
    return redirect_after_post(f"/cohortes/{cohort_id}")
