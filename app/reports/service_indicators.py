"""A project's indicators for its observers: aggregates through a narrow door, small cells masked (S11)."""

from datetime import date

from sqlalchemy import text
from sqlmodel import col, select

from app.access import Actor, scoped
from app.db import Session
from app.errors import NotFound
from app.network import service as network
from app.network.models import Project, TargetKind
from app.network.schemas import ProjectShown
from app.reports.rules_mask import Count, mask
from app.reports.schemas import Figures, Indicators, RegionFigures, TargetReached
from app.text import today

_DOOR = text("select * from project_indicators(:project)")


def see_project(session: Session, actor: Actor, project_id: int) -> ProjectShown:
    """A project that the actor observes."""
    within = scoped(actor, project=Project.id)
    if session.exec(select(Project.id).where(col(Project.id) == project_id, within)).first() is None:
        raise NotFound
    return network.project(session, project_id)


def indicators(session: Session, project: ProjectShown, *, as_of: date | None = None) -> Indicators:
    """Figures by region and in total, against the project's own targets.

    The figures are those of the moment; ``as_of`` only says the day.
    """
    counts = [Count(**row) for row in session.execute(_DOOR, {"project": project.id}).mappings()]
    regions, total = mask(counts)
    names = {region.code: region.name for region in network.regions(session)}
    reached = {
        TargetKind.ADVISORS: total["completed"],
        TargetKind.ENTERPRISES: total["enterprises"],
        TargetKind.REGIONS: len(counts),
    }
    return Indicators(
        project_id=project.id,
        project=project.name,
        as_of=as_of or today(),
        regions=tuple(RegionFigures(region_code=c, region=names[c], **shown) for c, shown in regions.items()),
        total=Figures(**total),
        targets=tuple(
            TargetReached(kind=kind, target=project.targets[kind], reached=reached[kind])
            for kind in TargetKind
            if kind in project.targets
        ),
    )
