"""Colleges, regions and projects: small, shared by all, readable by whoever is signed in."""

from zoneinfo import ZoneInfo, available_timezones

from sqlmodel import col, select

from app.network.models import College, Project, ProjectTarget, Region
from app.network.schemas import CollegeShown, NewCollege, NewProject, ProjectShown, RegionShown
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason
from app.platform.messages.i18n import search_key
from app.platform.security.actor import Actor, scoped


def regions(db: Session) -> list[RegionShown]:
    """Quebec's 17 regions, in their usual order."""
    return [RegionShown.model_validate(r) for r in db.exec(select(Region).order_by(Region.code)).all()]


def region_name(db: Session, code: str) -> str:
    """The name of a region."""
    return db.get_one(Region, code).name


def colleges(db: Session) -> list[CollegeShown]:
    """All colleges by name, ``Cégep`` before ``Collège`` whatever the database's collation."""
    rows = db.exec(select(College)).all()
    return [CollegeShown.model_validate(c) for c in sorted(rows, key=lambda c: (search_key(c.name), c.id))]


def college(db: Session, college_id: int) -> CollegeShown:
    """One college."""
    found = db.get(College, college_id)
    if found is None:
        raise NotFound
    return CollegeShown.model_validate(found)


def see_college(db: Session, actor: Actor, college_id: int) -> CollegeShown:
    """A college in which the actor may do what the route's permission says."""
    found = db.exec(select(College).where(College.id == college_id, scoped(actor, college=College.id))).first()
    if found is None:
        raise NotFound
    return CollegeShown.model_validate(found)


def open_college(db: Session, command: NewCollege) -> CollegeShown:
    """A new tenant."""
    if command.timezone not in available_timezones():
        raise Invalid("invalid", Reason("unknown_timezone", {"timezone": command.timezone}, "timezone"))
    taken = select(College.id).where((College.slug == command.slug) | (College.number_prefix == command.number_prefix))
    if db.exec(taken).first() is not None:
        raise Conflict("college_exists")
    row = College(**{**command.model_dump(), "authorised_kinds": [k.value for k in command.authorised_kinds]})
    db.add(row)
    db.flush()
    return CollegeShown.model_validate(row)


def zone(db: Session, college_id: int) -> ZoneInfo:
    """The college's time zone (BR-30)."""
    return ZoneInfo(college(db, college_id).timezone)


def open_project(db: Session, command: NewProject) -> ProjectShown:
    """A new project with its targets."""
    if command.ends_on <= command.starts_on:
        raise Invalid("invalid", Reason("ends_before_start", field="ends_on"))
    if db.exec(select(Project.id).where(Project.slug == command.slug)).first() is not None:
        raise Conflict("project_exists")
    row = Project(**command.model_dump(exclude={"targets"}))
    db.add(row)
    db.flush()
    db.add_all(ProjectTarget(project_id=row.id, kind=t.kind, value=t.value) for t in command.targets)
    db.flush()
    return project(db, row.id)


def project(db: Session, project_id: int) -> ProjectShown:
    """One project with its targets."""
    row = db.get(Project, project_id)
    if row is None:
        raise NotFound
    targets = db.exec(select(ProjectTarget).where(ProjectTarget.project_id == project_id)).all()
    return ProjectShown(**row.model_dump(), targets={t.kind.value: t.value for t in targets})


def projects(db: Session) -> list[ProjectShown]:
    """All projects, newest first."""
    ids = db.exec(select(Project.id).order_by(col(Project.starts_on).desc())).all()
    return [project(db, i) for i in ids if i is not None]
