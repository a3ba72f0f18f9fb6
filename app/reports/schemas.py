"""Progress reports and a project's indicators, as every face reads them. Times are minutes, dates ISO 8601."""

from datetime import date

from pydantic import Field

from app.cohorts.enums import EnrolmentState
from app.network.enums import CertificateKind, TargetKind
from app.platform.schema import Read

CONTRACT = "progression_v1"
"""Columns of the export: their order never changes and none is renamed; new ones come at the end."""

INDICATORS = "indicators_v1"
"""Definitions of the indicators (see ``project_indicators`` in the migrations, and ``rules_mask``)."""


class CertificateIssued(Read):
    """A certificate in force."""

    kind: CertificateKind
    number: str
    issued_on: date


class ReportRow(Read):
    """One enrolment, whatever became of it once admitted."""

    college: str
    cohort: str
    path: str
    version: str
    enrolment_id: int
    name: str
    state: EnrolmentState
    joined_on: date | None
    planned_minutes: int
    recognised_minutes: int
    attended_minutes: int
    attendance_base_minutes: int
    attendance_pct: int | None = Field(description="whole percent, rounded down; null before the first roll call")
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
    """One cohort's part of the totals."""

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


class ReportChoice(Read):
    """A report that someone may ask for."""

    id: int
    label: str
    detail: str


class Reports(Read):
    """What someone may read and download."""

    cohorts: tuple[ReportChoice, ...]
    colleges: tuple[ReportChoice, ...]
    projects: tuple[ReportChoice, ...]


class Figures(Read):
    """A region's or the project's figures; ``null`` is masked: below five, or it would give one away."""

    enrolled: int | None
    active: int | None
    completed: int | None
    certificates: int | None
    recognised_minutes: int | None
    enterprises: int | None


class RegionFigures(Figures):
    """One region where the project is."""

    region_code: str
    region: str


class TargetReached(Read):
    """What the project promised and how far it is."""

    kind: TargetKind
    target: int
    reached: int | None


class Indicators(Read):
    """A project's aggregates on a day: nothing about anyone."""

    definitions: str = INDICATORS
    project_id: int
    project: str
    as_of: date
    regions: tuple[RegionFigures, ...]
    total: Figures
    targets: tuple[TargetReached, ...]
