"""A project's indicators for its observers: aggregates from one SQL function, small cells masked (S11)."""

from datetime import date

from sqlalchemy import text
from sqlmodel import col, select

from app.network import service as network
from app.network.enums import TargetKind
from app.network.models import Project
from app.network.schemas import ProjectShown
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor, scoped
from app.reports.indicators.rules import Count, mask
from app.reports.schemas import Figures, Indicators, RegionFigures, TargetReached

_INDICATORS = text("select * from project_indicators(:project)")


def see_project(db: Session, actor: Actor, project_id: int) -> ProjectShown:
    """Return a project that the actor observes; raise ``NotFound`` for any other."""
    within = scoped(actor, project=Project.id)
    if db.exec(select(Project.id).where(col(Project.id) == project_id, within)).first() is None:
        raise NotFound
    return network.project(db, project_id)


def indicators(db: Session, project: ProjectShown, *, as_of: date | None = None) -> Indicators:
    """Return figures by region and in total, against the project's own targets.

    The figures are those of the present moment; ``as_of`` is only the day that is displayed.
    """
    counts = [Count(**row) for row in db.execute(_INDICATORS, {"project": project.id}).mappings()]
    regions, total = mask(counts)
    names = {region.code: region.name for region in network.regions(db)}
    reached = {
        TargetKind.ADVISORS: total["completed"],
        TargetKind.ENTERPRISES: total["enterprises"],
        TargetKind.REGIONS: len(counts),
    }
    return Indicators(
        project_id=project.id,
        project=project.name,
        as_of=as_of or today(),
        regions=tuple(
            RegionFigures(region_code=code, region=names[code], **region) for code, region in regions.items()
        ),
        total=Figures(**total),
        targets=tuple(
            TargetReached(kind=kind, target=project.targets[kind], reached=reached[kind])
            for kind in TargetKind
            if kind in project.targets
        ),
    )
