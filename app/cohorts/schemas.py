"""Cohorts, enrolments, sessions and roll calls as they come in and go out."""

from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints

from app.cohorts.models import EnrolmentState, Phase, PresenceMode, PresenceStatus
from app.cohorts.rules import ATTENDING
from app.curricula.schema import Mode
from app.web import Command, Line, Prose, Read

Why = Annotated[str, StringConstraints(min_length=1, max_length=500)]
ROLL = 300
"""Lines of a roll call at most."""


class NewCohort(Command):
    """A cohort to open; the end follows from the path's length when left out."""

    project_id: int
    region_code: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-7])$")]
    phase: Phase = Phase.DEPLOYMENT
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{1,39}$")]
    title: Line
    curriculum_slug: Annotated[str, StringConstraints(max_length=60)]
    curriculum_version: Annotated[str, StringConstraints(max_length=20)]
    starts_on: date
    ends_on: date | None = None
    capacity: Annotated[int, Field(ge=1, le=200)] = 12
    place: Line
    applications_open: bool = True


class NewCohortForm(Command):
    """The same, as the page's form sends it: a college of one's own, path and version in one choice."""

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
    applications_open: bool = False

    @property
    def fields(self) -> dict[str, object]:
        """What ``NewCohort`` takes."""
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
    applications_open: bool


class OpenCohort(Read):
    """A cohort that takes applications, as anyone signed in sees it; ``my_state`` once one has applied."""

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


class PathChoice(Read):
    """A published version that a new cohort may follow."""

    slug: str
    version: str
    title: str
    weeks: int


class ApplicationsOpen(Command):
    """Whether the cohort takes applications."""

    is_open: bool


class CapacityCommand(Command):
    """How many seats the cohort has."""

    capacity: Annotated[int, Field(ge=1, le=200)]


class CohortRef(Read):
    """A cohort that the actor may see: what commands accept."""

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
    applications_open: bool


class StaffCommand(Command):
    """A person to give a role in the cohort."""

    person_id: int
    role: Annotated[str, StringConstraints(pattern="^trainer$")] = "trainer"


class ApplyCommand(Command):
    """An application."""

    motive: Annotated[Prose, StringConstraints(max_length=4000)]
    employer: Line | None = None
    employer_agrees: bool = False


class MoveCommand(Command):
    """A change of state (BR-04); ``joined_on`` only on becoming active."""

    to: EnrolmentState
    reason: Why | None = None
    joined_on: date | None = None


class Started(Read):
    """How many people became active."""

    started: int


class EnrolmentRef(Read):
    """An enrolment that the actor may see: what commands accept."""

    id: int
    college_id: int
    cohort_id: int
    person_id: int
    name: str
    curriculum_slug: str
    curriculum_version: str
    state: EnrolmentState
    joined_on: date | None
    cohort_title: str
    timezone: str
    grace_hours: int


class MoveShown(Read):
    """A past change of state."""

    from_state: EnrolmentState | None
    to_state: EnrolmentState
    moved_at: datetime
    by: str
    reason: str | None


class ApplicationShown(Read):
    """An application with what was declared."""

    enrolment_id: int
    name: str
    state: EnrolmentState
    motive: str
    employer: str | None
    employer_agrees: bool
    received_at: datetime


class NewSession(Command):
    """A session to schedule for a group activity; minutes and mode follow from it when left out."""

    activity_code: Annotated[str, StringConstraints(max_length=20)]
    starts_at: AwareDatetime
    planned_minutes: Annotated[int, Field(ge=15, le=720)] | None = None
    mode: Mode | None = None
    place: Annotated[str, StringConstraints(max_length=200)] = ""


class LocalSession(Command):
    """A session to schedule, its day and clock as the cohort's place shows them (BR-30)."""

    activity_code: Annotated[str, StringConstraints(max_length=20)]
    day: date
    clock: time
    second: Literal["first", "second"] | None = None
    planned_minutes: Annotated[int, Field(ge=15, le=720)] | None = None
    mode: Mode | None = None
    place: Annotated[str, StringConstraints(max_length=200)] = ""

    @property
    def is_second(self) -> bool | None:
        """Which of November's two hours, when told."""
        return None if self.second is None else self.second == "second"


class SessionRow(Read):
    """A session in a calendar."""

    id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    place: str
    timezone: str
    cancelled: bool
    cancel_reason: str | None
    closed: bool


class SessionRef(Read):
    """A session that the actor may see: what commands accept."""

    id: int
    college_id: int
    cohort_id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    timezone: str
    cancelled_at: datetime | None


class CancelCommand(Command):
    """Why a session is cancelled: shown to the cohort."""

    reason: Why


class EntryCommand(Command):
    """One person's presence."""

    enrolment_id: int
    status: PresenceStatus
    minutes: Annotated[int, Field(ge=0, le=720)]
    mode: PresenceMode | None = None


class RollCallCommand(Command):
    """A roll call to close; a correction names the one it supersedes, and why."""

    entries: Annotated[tuple[EntryCommand, ...], Field(max_length=ROLL)]
    supersedes: int | None = None
    reason: Why | None = None


def _blank_is_none(value: object) -> object:
    return value or None


Blank = BeforeValidator(_blank_is_none)


class RollCallForm(Command):
    """A roll call as the page's form sends it: one value a person in each list, in the same order."""

    enrolment_id: Annotated[tuple[int, ...], Field(max_length=ROLL)] = ()
    status: tuple[PresenceStatus, ...] = ()
    minutes: tuple[Annotated[Annotated[int, Field(ge=0, le=720)] | None, Blank], ...] = ()
    mode: tuple[Annotated[PresenceMode | None, Blank], ...] = ()
    supersedes: int | None = None
    reason: Why | None = None

    @property
    def entries(self) -> tuple[EntryCommand, ...]:
        """One entry a person; what an absent person's line still shows counts for nothing."""
        lines = zip(self.enrolment_id, self.status, self.minutes, self.mode, strict=False)
        return tuple(
            EntryCommand(enrolment_id=who, status=status, minutes=minutes or 0, mode=mode)
            if status in ATTENDING
            else EntryCommand(enrolment_id=who, status=status, minutes=0)
            for who, status, minutes, mode in lines
        )


class EntryShown(Read):
    """A line of the sheet; ``status`` is ``None`` while nothing is recorded."""

    enrolment_id: int
    name: str
    status: PresenceStatus | None
    minutes: int | None
    mode: PresenceMode | None


class Sheet(Read):
    """A session's roll call: everyone on the roll, with the current roll call when there is one."""

    session: SessionRow
    cohort_id: int
    roll_call_id: int | None
    closed_at: datetime | None
    closed_by: str | None
    entries: tuple[EntryShown, ...]


class CatchUpCommand(Command):
    """A missed workshop to make up before a date."""

    activity_code: Annotated[str, StringConstraints(max_length=20)]
    due_on: date


class CatchUpDone(Command):
    """It was made up on a date."""

    done_on: date


class CatchUpShown(Read):
    """A catch-up, done or not."""

    id: int
    enrolment_id: int
    activity_code: str
    minutes: int
    due_on: date
    done_on: date | None


class Missed(Read):
    """A workshop missed for good that can be made up: the day it was held, and its minutes."""

    activity_code: str
    on: date
    minutes: int
