"""A project's indicators for its observers: aggregates from one SQL function, small cells masked (S11)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import text

from app.network import service as network
from app.network.enums import TargetKind
from app.network.projects.schemas import RegionTarget
from app.network.projects.service import region_targets
from app.network.schemas import ProjectShown
from app.platform.database.session import Session
from app.platform.messages.i18n import today
from app.reports.indicators.rules import Count, MaskedFigures, mask
from app.reports.schemas import Figures, Indicators, RegionFigures, TargetReached

_INDICATORS = text("select * from project_indicators(:project)")
FIGURE_OF = {TargetKind.ADVISORS: "completed", TargetKind.ENTERPRISES: "enterprises"}
"""The figure that says how much of a target is reached, of those that regions have parts of."""
NOTHING: MaskedFigures = dict.fromkeys(Figures.model_fields)
"""The figures of a region where the project has none: below five, hence not shown."""


def indicators(db: Session, project: ProjectShown, *, as_of: date | None = None) -> Indicators:
    """Return figures by region and in total, against the project's own targets and the parts that regions have.

    A region that has a part stands there even if nobody is enrolled there yet.

    The figures are those of the present moment; ``as_of`` is only the day that is displayed.
    """
    counts = [Count(**row) for row in db.execute(_INDICATORS, {"project": project.id}).mappings()]
    regions, total = mask(counts)
    parts: dict[str, list[RegionTarget]] = defaultdict(list)
    for part in region_targets(db, project):
        parts[part.region_code].append(part)
    names = {region.code: region.name for region in network.regions(db)}
    reached = {
        **{kind: total[figure] for kind, figure in FIGURE_OF.items()},
        TargetKind.REGIONS: len(counts),
    }
    return Indicators(
        project_id=project.id,
        project=project.name,
        as_of=as_of or today(),
        regions=tuple(
            RegionFigures(
                region_code=code,
                region=names[code],
                **regions.get(code, NOTHING),
                targets=_region_targets(parts.get(code, ()), regions.get(code, NOTHING)),
            )
            for code in sorted({*regions, *parts})
        ),
        total=Figures(**total),
        targets=tuple(
            TargetReached(kind=kind, target=project.targets[kind], reached=reached[kind])
            for kind in TargetKind
            if kind in project.targets
        ),
    )


def _region_targets(parts: Iterable[RegionTarget], figures: MaskedFigures) -> tuple[TargetReached, ...]:
    """Return what a region has reached of its parts; masked as its figures are."""
    return tuple(TargetReached(kind=p.kind, target=p.value, reached=figures[FIGURE_OF[p.kind]]) for p in parts)
