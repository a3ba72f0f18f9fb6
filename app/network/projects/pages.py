"""The pages of projects: the list with the form of a new one, and a project with its targets."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.network import service as network
from app.network.enums import PARTED, TargetKind
from app.network.projects import service
from app.network.projects.schemas import NewProjectForm, ProjectChangeForm, ProjectsQuery, RegionTargetChange
from app.network.schemas import ProjectShown
from app.network.service import see_project
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
MayManageNetwork = Annotated[Actor, may(P.NETWORK_MANAGE)]
ManagedProject = Annotated[ProjectShown, seen(see_project, P.NETWORK_MANAGE)]


@router.get("/projets", dependencies=[keyed_page()])
def projects_page(
    request: Request, _: MayManageNetwork, db: SessionDep, query: Annotated[ProjectsQuery, Query()]
) -> Response:
    """Show the projects with their targets, and the form of a new one."""
    projects = ListView("/projets", query, service.list_projects(db, query))
    return render(request, "network/projects.html", projects=projects, kinds=tuple(TargetKind))


@router.post("/projets", dependencies=[form_on("/projets", creates=True)])
def open_project(_: MayManageNetwork, db: SessionDep, form: Annotated[NewProjectForm, Form()]) -> Response:
    """Add a project, then show its page."""
    project = network.open_project(db, form.new)
    return redirect_after_post(f"/projets/{project.id}")


@router.get("/projets/{project_id}")
def project_page(request: Request, project: ManagedProject, db: SessionDep) -> Response:
    """Show a project, its targets in total and by region, and the forms that change them."""
    regions = network.regions(db)
    return render(
        request,
        "network/project.html",
        project=service.project_details(db, project),
        kinds=tuple(TargetKind),
        parted=PARTED,
        regions=[(r.code, r.name) for r in regions],
        region_names={r.code: r.name for r in regions},
    )


@router.post("/projets/{project_id}", dependencies=[form_on("/projets/{project_id}")])
def change_project(project: ManagedProject, db: SessionDep, form: Annotated[ProjectChangeForm, Form()]) -> Response:
    """Change a project and its targets."""
    service.change_project(db, project, form.command)
    return redirect_after_post(f"/projets/{project.id}")


@router.post("/projets/{project_id}/regions", dependencies=[form_on("/projets/{project_id}")])
def set_region_target(project: ManagedProject, db: SessionDep, form: Annotated[RegionTargetChange, Form()]) -> Response:
    """Set the part of a target that a region has, or take it away."""
    service.set_region_target(db, project, form)
    return redirect_after_post(f"/projets/{project.id}")
