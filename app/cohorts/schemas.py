"""Commands and read models of cohorts."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from app.cohorts.enums import CohortSort, CohortState, EnrolmentState, Phase
from app.cohorts.rules import MOST_SEATS
from app.network.schemas import GraceHours, LateJoinPercent
from app.platform.paging import ListQuery
from app.platform.schema import Code, Command, Line, Read

CohortCode = Annotated[Code, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{1,39}$")]
Justification = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class NewCohort(Command):
    """A cohort to prepare, as a draft; ``ends_on`` defaults to the start plus the path's number of weeks.

    Its late-join limit and grace period are the college's unless given.
    """

    project_id: int
    region_code: Annotated[Code, StringConstraints(pattern=r"^(0[1-9]|1[0-7])$")]
    phase: Phase = Phase.DEPLOYMENT
    code: CohortCode
    title: Line
    curriculum_slug: Annotated[Code, StringConstraints(max_length=60)]
    curriculum_version: Annotated[Code, StringConstraints(max_length=20)]
    starts_on: date
    ends_on: date | None = None
    capacity: Annotated[int, Field(ge=1, le=MOST_SEATS)] = 12
    place: Line
    late_join_pct: LateJoinPercent | None = None
    grace_hours: GraceHours | None = None
    applications_open: bool = True


class NewCohortForm(Command):
    """A cohort to prepare, as the page's form sends it: with its college, and path and version in one field."""

    college_id: int
    project_id: int
    region_code: str
    phase: Phase
    code: str
    title: str
    path: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+ [0-9.]+$")]
    starts_on: date
    ends_on: date | None = None
    capacity: int
    place: str
    late_join_pct: int | None = None
    grace_hours: int | None = None
    applications_open: bool = False

    @property
    def fields(self) -> dict[str, object]:
        """Return the fields of the ``NewCohort`` command."""
        slug, version = self.path.split(" ")
        shared = self.model_dump(exclude={"college_id", "path"})
        return {**shared, "curriculum_slug": slug, "curriculum_version": version}


class CohortRow(Read):
    """A cohort in a list."""

    id: int
    code: str
    title: str
    college: str
    curriculum_slug: str
    curriculum_version: str
    region_code: str
    phase: Phase
    starts_on: date
    ends_on: date
    capacity: int
    seated: int
    state: CohortState
    applications_open: bool


class ListedCohort(CohortRow):
    """A cohort of the page's list, with the move that its dates call for today by its own clock (BR-30)."""

    move_due: CohortState | None


class CohortPage(Read):
    """Cohorts, newest first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[CohortRow, ...]
    next: int | None


class CohortsQuery(ListQuery):
    """The cohorts to show in a list, newest first; the archived ones only when asked for."""

    SORTS: ClassVar = CohortSort
    tri: str = "-debut"
    etat: CohortState | None = None


class OpenCohortsQuery(ListQuery):
    """The cohorts to show among those that take applications, soonest first."""

    SORTS: ClassVar = CohortSort
    tri: str = "debut"


class OpenCohort(Read):
    """A cohort that takes applications; ``my_state`` is the state of the reader's own enrolment, if any."""

    id: int
    code: str
    title: str
    college: str
    curriculum_slug: str
    curriculum_version: str
    starts_on: date
    ends_on: date
    capacity: int
    place: str
    my_state: EnrolmentState | None


class OwnEnrolment(Read):
    """The reader's own enrolment in a cohort."""

    id: int
    state: EnrolmentState
    joined_on: date | None
    has_application: bool


class OpenCohortPage(Read):
    """Cohorts that take applications, soonest first; ``next`` is the cursor of the following page."""

    items: tuple[OpenCohort, ...]
    next: int | None


class PathChoice(Read):
    """A published version of a path that a new cohort may follow."""

    slug: str
    version: str
    title: str
    weeks: int


class ApplicationsOpen(Command):
    """Whether the cohort takes applications."""

    is_open: bool


class CohortRef(Read):
    """A cohort that was loaded within the actor's reach; services accept it as proof."""

    id: int
    college_id: int
    project_id: int
    code: str
    title: str
    region_code: str
    phase: Phase
    curriculum_slug: str
    curriculum_version: str
    starts_on: date
    ends_on: date
    capacity: int
    place: str
    timezone: str
    late_join_pct: int
    grace_hours: int
    state: CohortState
    applications_open: bool


class StaffCommand(Command):
    """A person to give a role in the cohort: a trainer, or a facilitator of its groups."""

    person_id: int
    role: Annotated[str, StringConstraints(pattern="^(trainer|facilitator)$")] = "trainer"
