"""JSON routes for regions, colleges and projects."""

from typing import Annotated

from fastapi import APIRouter, status

from app.network import service
from app.network.schemas import CollegeShown, NewCollege, NewProject, ProjectShown, RegionShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["network"], route_class=IdempotentRoute)


@router.get("/regions", summary="Administrative regions")
def regions(_: Annotated[Actor, may(P.NETWORK_READ)], db: SessionDep) -> list[RegionShown]:
    """Return Quebec's 17 administrative regions, by number."""
    return service.regions(db)


@router.get("/colleges", summary="Colleges")
def colleges(_: Annotated[Actor, may(P.NETWORK_READ)], db: SessionDep) -> list[CollegeShown]:
    """Return every college of the network, by name."""
    return service.colleges(db)


@router.post("/colleges", status_code=status.HTTP_201_CREATED, summary="Open a college")
def open_college(_: Annotated[Actor, may(P.NETWORK_MANAGE)], db: SessionDep, command: NewCollege) -> CollegeShown:
    """Add a college (a tenant) with its own slug and certificate prefix."""
    return service.open_college(db, command)


@router.get("/projects", summary="Funded projects")
def projects(_: Annotated[Actor, may(P.NETWORK_READ)], db: SessionDep) -> list[ProjectShown]:
    """Return every project with its targets, newest first."""
    return service.projects(db)


@router.post("/projects", status_code=status.HTTP_201_CREATED, summary="Open a project")
def open_project(_: Annotated[Actor, may(P.NETWORK_MANAGE)], db: SessionDep, command: NewProject) -> ProjectShown:
    """Add a project with its targets."""
    return service.open_project(db, command)
