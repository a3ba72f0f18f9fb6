"""Read models of progress reports and of a project's indicators. Times are minutes, dates ISO 8601."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from app.cohorts.enums import EnrolmentState
from app.network.enums import CertificateKind, TargetKind
from app.platform.paging import ListQuery
from app.platform.schema import Read

CONTRACT = "progression_v1"
"""Columns of the export: their order never changes and none is renamed; new ones come at the end."""

INDICATORS = "indicators_v1"
"""Definitions of the indicators (see ``project_indicators`` in the migrations, and ``indicators/rules.py``)."""


class CertificateIssued(Read):
    """A certificate in force."""

    kind: CertificateKind
    number: str
    issued_on: date


class ReportRow(Read):
    """One enrolment, in any state that follows admission."""

    college: str
    cohort: str
    path: str
    version: str
    enrolment_id: int
    name: str
    state: EnrolmentState
    joined_on: date | None
    planned_minutes: int
    recognised_minutes: int = Field(description="recognised in this cohort, without what a transfer carried (S3)")
    carried_minutes: int = Field(default=0, description="carried by a transfer: they are summed where followed (S3)")
    attended_minutes: int
    attendance_base_minutes: int
    attendance_pct: int | None = Field(
        description="whole percent, rounded down, with what a transfer carried; null before the first roll call"
    )
    modules_done: int
    modules_total: int
    eligible: tuple[CertificateKind, ...] = Field(description="kinds that the college issues and the facts allow")
    certificates: tuple[CertificateIssued, ...] = Field(description="in force")
    levels: dict[str, int | None] = Field(description="by competency of the path; null while not judged")


class ReportTotals(Read):
    """Sums over rows."""

    enrolments: int = 0
    planned_minutes: int = 0
    recognised_minutes: int = 0
    attended_minutes: int = 0
    attendance_base_minutes: int = 0
    modules_done: int = 0
    modules_total: int = 0
    certificates: int = 0


class CohortTotals(Read):
    """Totals of one cohort."""

    cohort: str
    totals: ReportTotals


class ProgressReport(Read):
    """The progress of a cohort, or of all cohorts of a college, on a day."""

    contract: str = CONTRACT
    college: str
    college_slug: str
    cohort: str | None = Field(description="code of the cohort; null for the whole college")
    as_of: date
    competencies: tuple[str, ...] = Field(description="of the paths reported: one column each")
    rows: tuple[ReportRow, ...]
    cohorts: tuple[CohortTotals, ...]
    totals: ReportTotals
    next: int | None = Field(
        default=None,
        description="of a college: rows come in parts, with their cohorts; the enrolment to go on after, or null",
    )


class ReportChoice(Read):
    """A report that the actor may read."""

    id: int
    label: str
    detail: str


class Figures(Read):
    """Figures of a region or of the project; ``null`` is masked: below five, or another could be deduced from it."""

    enrolled: int | None
    active: int | None
    completed: int | None
    certificates: int | None
    recognised_minutes: int | None
    enterprises: int | None


class TargetReached(Read):
    """A target of the project, or the part of it that a region has, and the figure reached so far."""

    kind: TargetKind
    target: int
    reached: int | None


class RegionFigures(Figures):
    """Figures of one region of the project, and the parts of the project's targets that it has."""

    region_code: str
    region: str
    targets: tuple[TargetReached, ...] = ()


class Indicators(Read):
    """A project's aggregates on a day, without personal data."""

    definitions: str = INDICATORS
    project_id: int
    project: str
    as_of: date
    regions: tuple[RegionFigures, ...]
    total: Figures
    targets: tuple[TargetReached, ...]


class ReportSort(StrEnum):
    """What the rows of a report are sorted by on its page; the files keep one order."""

    COHORT = "cohorte"
    HOURS = "heures"
    ATTENDANCE = "assiduite"
    MODULES = "modules"


class ReportQuery(ListQuery):
    """The rows of a report to show on its page, by cohort and name."""

    SORTS: ClassVar = ReportSort
    tri: str = "cohorte"
    etat: EnrolmentState | None = None
