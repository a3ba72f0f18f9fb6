"""HTML pages of cohorts: the list, the form of a new cohort and its settings."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response

from app.cohorts import service
from app.cohorts.enums import CohortState, Phase
from app.cohorts.offer import service as offer
from app.cohorts.schemas import (
    ApplicationsOpen,
    CohortRef,
    CohortsQuery,
    NewCohort,
    NewCohortForm,
)
from app.curricula.library import default_library
from app.network import service as network
from app.network.schemas import CollegeShown
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_errors, form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()


@router.get("/cohortes")
def cohorts(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_READ)],
    db: SessionDep,
    query: Annotated[CohortsQuery, Query()],
) -> Response:
    """List the cohorts within reach."""
    cohorts = ListView("/cohortes", query, service.list_cohorts(db, actor, query))
    values: dict[str, Any] = {"paths": path_titles(), "states": tuple(CohortState), "managed": _managed(db, actor)}
    return render(request, "cohorts/list.html", cohorts=cohorts, **values)


def _managed(db: Session, actor: Actor) -> list[CollegeShown]:
    """Return the colleges whose cohorts the person manages: each has a page of what waits."""
    return network.reached_colleges(db, actor.using(P.COHORT_MANAGE)) if actor.can(P.COHORT_MANAGE) else []


def path_titles() -> dict[str, str]:
    """Return the title of each path's newest version, by slug."""
    library = default_library()
    return {slug: library.curriculum(slug, library.versions(slug)[-1]).title.text for slug in library.slugs}


@router.get("/cohortes/nouvelle", dependencies=[keyed_page()])
def new_cohort(request: Request, actor: Annotated[Actor, may(P.COHORT_MANAGE)], db: SessionDep) -> Response:
    """Show the form of a new cohort."""
    return render(request, "cohorts/new.html", **_form_choices(db, actor))


def _form_choices(db: Session, actor: Actor) -> dict[str, Any]:
    colleges = network.reached_open_colleges(db, actor)
    return {
        "colleges": [(c.id, c.name) for c in colleges],
        "projects": [(p.id, p.name) for p in network.projects(db)],
        "regions": [(r.code, r.name) for r in network.regions(db)],
        "paths": offer.published_paths(db),
        "phases": (Phase.DEPLOYMENT, Phase.PROTOTYPE),
        "own_college": colleges[0] if colleges else None,
    }


@router.post("/cohortes", dependencies=[form_on("/cohortes/nouvelle", creates=True)])
def add_cohort(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    form: Annotated[NewCohortForm, Form()],
) -> Response:
    """Prepare a cohort and redirect to it."""
    with form_errors():
        command = NewCohort.model_validate(form.fields)
    cohort = service.add_cohort(db, actor, network.see_college(db, actor, form.college_id), command)
    return redirect_after_post(f"/cohortes/{cohort.id}")


@router.post("/cohortes/{cohort_id}/ouverture", dependencies=[form_on("/cohortes/{cohort_id}")])
def set_applications(
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(service.see_cohort, P.COHORT_MANAGE)],
    form: Annotated[ApplicationsOpen, Form()],
) -> Response:
    """Open or close a cohort to applications."""
    service.set_applications(db, cohort, is_open=form.is_open)
    return redirect_after_post(f"/cohortes/{cohort.id}")
