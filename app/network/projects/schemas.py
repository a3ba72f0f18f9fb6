"""Commands, forms and read models of projects as the administrator keeps them."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from app.network.enums import TargetKind
from app.network.projects.enums import ProjectSort
from app.network.schemas import NewProject, NewTarget, ProjectShown, RegionCode, Slug
from app.platform.paging import ListQuery
from app.platform.schema import Command, Line, Read

TargetValue = Annotated[int, Field(gt=0, le=1_000_000)]


class ProjectsQuery(ListQuery):
    """The projects to show in a list, the newest first."""

    SORTS: ClassVar = ProjectSort
    tri: str = "-debut"


class ProjectChange(Command):
    """What a project becomes; a kind of target that is left out has none any more."""

    name: Line
    funder: Line
    starts_on: date
    ends_on: date
    targets: tuple[NewTarget, ...] = ()


class ProjectChangeForm(Command):
    """A project as the page's form sends it: a target is blank when there is none."""

    name: Line
    funder: Line
    starts_on: date
    ends_on: date
    advisors: TargetValue | None = None
    enterprises: TargetValue | None = None
    regions: TargetValue | None = None

    @property
    def targets(self) -> tuple[NewTarget, ...]:
        """Return the targets that were typed."""
        typed = {kind: getattr(self, kind.value) for kind in TargetKind}
        return tuple(NewTarget(kind=kind, value=value) for kind, value in typed.items() if value is not None)

    @property
    def command(self) -> ProjectChange:
        """Return the command for the service."""
        fields = self.model_dump(include={"name", "funder", "starts_on", "ends_on"})
        return ProjectChange(**fields, targets=self.targets)


class NewProjectForm(ProjectChangeForm):
    """A new project as the page's form sends it."""

    slug: Slug

    @property
    def new(self) -> NewProject:
        """Return the command for the service."""
        fields = self.model_dump(include={"slug", "name", "funder", "starts_on", "ends_on"})
        return NewProject(**fields, targets=self.targets)


class RegionTargetChange(Command):
    """The part of a target that a region has; without a value it has none any more."""

    region_code: RegionCode
    kind: TargetKind
    value: TargetValue | None = None


class RegionTarget(Read):
    """The part of a project's target that a region has."""

    region_code: str
    kind: TargetKind
    value: int


class ProjectDetails(ProjectShown):
    """A project with its targets in total and by region."""

    region_targets: tuple[RegionTarget, ...]
