"""JSON routes of one project, for its administrator."""

from typing import Annotated

from fastapi import APIRouter

from app.network.projects import service
from app.network.projects.schemas import ProjectChange, ProjectDetails, RegionTargetChange
from app.network.schemas import ProjectShown
from app.network.service import see_project
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["network"], route_class=IdempotentRoute)
ManagedProject = Annotated[ProjectShown, seen(see_project, P.NETWORK_MANAGE)]


@router.get("/projects/{project_id}", summary="A project")
def read_project(project: ManagedProject, db: SessionDep) -> ProjectDetails:
    """Return a project with its targets in total and by region."""
    return service.project_details(db, project)


@router.put("/projects/{project_id}", summary="Change a project")
def change_project(project: ManagedProject, db: SessionDep, command: ProjectChange) -> ProjectDetails:
    """Change a project and its targets in total; its slug stays."""
    return service.change_project(db, project, command)


@router.put("/projects/{project_id}/region-targets", summary="Set a region's part of a target")
def set_region_target(project: ManagedProject, db: SessionDep, command: RegionTargetChange) -> ProjectDetails:
    """Set the part of a target that a region has; without a value it has none any more."""
    return service.set_region_target(db, project, command)
