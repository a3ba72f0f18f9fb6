"""Changing a project and its targets; the list of projects."""

from sqlmodel import col, select

from app.network.models import Project, ProjectRegionTarget, ProjectTarget, Region
from app.network.projects.enums import ProjectSort
from app.network.projects.rules import period_reasons, region_target_reasons
from app.network.projects.schemas import (
    ProjectChange,
    ProjectDetails,
    ProjectsQuery,
    RegionTarget,
    RegionTargetChange,
)
from app.network.schemas import ProjectShown
from app.network.service import project, projects
from app.platform.database.session import Session
from app.platform.errors import Invalid, Reason, refuse_unless
from app.platform.paging import Page, page_of
from app.platform.search import search_key

ORDERS = {
    ProjectSort.NAME: lambda p: search_key(p.name),
    ProjectSort.START: lambda p: p.starts_on,
    ProjectSort.END: lambda p: p.ends_on,
}


def list_projects(db: Session, query: ProjectsQuery) -> Page[ProjectShown]:
    """Return a page of the projects; the search looks into their names and funders."""
    return page_of(projects(db), query, orders=ORDERS, text=lambda p: f"{p.name} {p.funder}")


def project_details(db: Session, seen: ProjectShown) -> ProjectDetails:
    """Return a project with its targets in total and by region, by number of region."""
    return ProjectDetails(**project(db, seen.id).model_dump(), region_targets=region_targets(db, seen))


def region_targets(db: Session, seen: ProjectShown) -> tuple[RegionTarget, ...]:
    """Return the parts of a project's targets that regions have, by number of region."""
    statement = (
        select(ProjectRegionTarget)
        .where(ProjectRegionTarget.project_id == seen.id)
        .order_by(col(ProjectRegionTarget.region_code), col(ProjectRegionTarget.kind))
    )
    return tuple(RegionTarget.model_validate(row) for row in db.exec(statement).all())


def change_project(db: Session, seen: ProjectShown, command: ProjectChange) -> ProjectDetails:
    """Change a project and its targets; its slug stays. Raises ``Invalid`` when it ends before it starts."""
    refuse_unless(*period_reasons(command.starts_on, command.ends_on), code="invalid")
    row = db.get_one(Project, seen.id, with_for_update={"key_share": True}, populate_existing=True)
    for name, value in command.model_dump(exclude={"targets"}).items():
        setattr(row, name, value)
    db.add(row)
    wanted = {target.kind: target.value for target in command.targets}
    for target in db.exec(select(ProjectTarget).where(ProjectTarget.project_id == seen.id)).all():
        if target.kind in wanted:
            target.value = wanted.pop(target.kind)
            db.add(target)
        else:
            db.delete(target)
    db.add_all(ProjectTarget(project_id=seen.id, kind=kind, value=value) for kind, value in wanted.items())
    db.flush()
    return project_details(db, seen)


def set_region_target(db: Session, seen: ProjectShown, command: RegionTargetChange) -> ProjectDetails:
    """Set the part of a target that a region has, or take it away. Raises ``Invalid``."""
    refuse_unless(*region_target_reasons(command.kind), code="invalid")
    if db.get(Region, command.region_code) is None:
        raise Invalid("invalid", Reason("unknown_region", field="region_code"))
    db.get_one(Project, seen.id, with_for_update={"key_share": True})
    row = db.get(ProjectRegionTarget, (seen.id, command.region_code, command.kind))
    if command.value is None:
        if row is not None:
            db.delete(row)
    else:
        row = row or ProjectRegionTarget(
            project_id=seen.id, region_code=command.region_code, kind=command.kind, value=command.value
        )
        row.value = command.value
        db.add(row)
    db.flush()
    return project_details(db, seen)
