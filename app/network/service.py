"""Regions, colleges and projects: few rows, shared by all, readable by anyone signed in."""

from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, select

from app.network.colleges.rules import zone_reasons
from app.network.models import College, Project, ProjectTarget, Region
from app.network.projects.rules import period_reasons
from app.network.schemas import (
    CollegeShown,
    NewCollege,
    NewProject,
    ProjectShown,
    RegionShown,
    RegionWithColleges,
)
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, refuse_unless
from app.platform.search import search_key
from app.platform.security.actor import Actor, scoped


def regions(db: Session) -> list[RegionShown]:
    """Return Quebec's 17 regions, by number."""
    return [RegionShown.model_validate(r) for r in db.exec(select(Region).order_by(Region.code)).all()]


def regions_with_colleges(db: Session) -> list[RegionWithColleges]:
    """Return the regions, by number, with how many open colleges each has."""
    is_open = (col(College.region_code) == Region.code) & col(College.closed_at).is_(None)
    statement = (
        sa.select(
            col(Region.code), col(Region.name), col(Region.name_en), sa.func.count(col(College.id)).label("colleges")
        )
        .outerjoin(College, is_open)
        .group_by(col(Region.code))
        .order_by(col(Region.code))
    )
    return [RegionWithColleges.model_validate(row) for row in db.execute(statement)]


def region_name(db: Session, code: str) -> str:
    """Return the name of a region."""
    return db.get_one(Region, code).name


def colleges(db: Session) -> list[CollegeShown]:
    """Return all colleges by name, ``Cégep`` before ``Collège`` whatever the database's collation."""
    rows = db.exec(select(College)).all()
    return [CollegeShown.model_validate(c) for c in sorted(rows, key=lambda c: (search_key(c.name), c.id))]


def college(db: Session, college_id: int) -> CollegeShown:
    """Return one college; raise ``NotFound``."""
    row = db.get(College, college_id)
    if row is None:
        raise NotFound
    return CollegeShown.model_validate(row)


def see_college(db: Session, actor: Actor, college_id: int) -> CollegeShown:
    """Return a college where the actor holds the route's permission; raise ``NotFound``."""
    row = db.exec(select(College).where(College.id == college_id, scoped(actor, college=College.id))).first()
    if row is None:
        raise NotFound
    return CollegeShown.model_validate(row)


def reached_colleges(db: Session, actor: Actor) -> list[CollegeShown]:
    """Return the colleges within reach of the permission in force, by name."""
    rows = db.exec(select(College).where(scoped(actor, college=College.id))).all()
    return [CollegeShown.model_validate(row) for row in sorted(rows, key=lambda row: (search_key(row.name), row.id))]


def reached_open_colleges(db: Session, actor: Actor) -> list[CollegeShown]:
    """Return the colleges within reach that begin something new: those that its forms offer."""
    return [college for college in reached_colleges(db, actor) if college.closed_at is None]


def open_college(db: Session, command: NewCollege) -> CollegeShown:
    """Add a college.

    Raises ``Invalid`` for an unknown time zone, ``Conflict("college_exists")`` for a slug or a prefix in use.
    """
    refuse_unless(*zone_reasons(command.timezone), code="invalid")
    same_name = select(College.id).where(
        (College.slug == command.slug) | (College.number_prefix == command.number_prefix)
    )
    if db.exec(same_name).first() is not None:
        raise Conflict("college_exists")
    row = College(**{**command.model_dump(), "authorised_kinds": [k.value for k in command.authorised_kinds]})
    db.add(row)
    db.flush()
    return CollegeShown.model_validate(row)


def timezone_of(db: Session, college_id: int) -> ZoneInfo:
    """Return the college's time zone (BR-30)."""
    return ZoneInfo(college(db, college_id).timezone)


def open_project(db: Session, command: NewProject) -> ProjectShown:
    """Add a project with its targets.

    Raises ``Invalid`` when it ends before it starts, ``Conflict("project_exists")`` for a slug in use.
    """
    refuse_unless(*period_reasons(command.starts_on, command.ends_on), code="invalid")
    if db.exec(select(Project.id).where(Project.slug == command.slug)).first() is not None:
        raise Conflict("project_exists")
    row = Project(**command.model_dump(exclude={"targets"}))
    db.add(row)
    db.flush()
    db.add_all(ProjectTarget(project_id=row.id, kind=t.kind, value=t.value) for t in command.targets)
    db.flush()
    return project(db, row.id)


def project(db: Session, project_id: int) -> ProjectShown:
    """Return one project with its targets; raise ``NotFound``."""
    row = db.get(Project, project_id)
    if row is None:
        raise NotFound
    targets = db.exec(select(ProjectTarget).where(ProjectTarget.project_id == project_id)).all()
    return ProjectShown(**row.model_dump(), targets={t.kind.value: t.value for t in targets})


def see_project(db: Session, actor: Actor, project_id: int) -> ProjectShown:
    """Return a project where the actor holds the route's permission; raise ``NotFound``."""
    statement = select(Project.id).where(Project.id == project_id, scoped(actor, project=Project.id))
    if db.exec(statement).first() is None:
        raise NotFound
    return project(db, project_id)


def projects(db: Session) -> list[ProjectShown]:
    """Return all projects with their targets, newest first."""
    ids = db.exec(select(Project.id).order_by(col(Project.starts_on).desc())).all()
    return [project(db, i) for i in ids if i is not None]
