"""The ``Progress`` value and the read models made from it. Times are minutes, dates ISO 8601."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from app.cohorts.enums import EnrolmentState
from app.network.enums import CertificateKind
from app.platform.errors import Reason, Scalar
from app.platform.schema import Read

Carried = Annotated[int, Field(ge=0, exclude_if=lambda minutes: minutes == 0)]
"""Minutes that a transfer carried; left out where there are none."""


class State(StrEnum):
    """The state of an activity or a module; ``waiting`` and ``exempted`` are for activities alone."""

    LOCKED = "locked"
    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    EXEMPTED = "exempted"


class StoredReason(Read):
    """A reason as data: ``code`` is stable, ``params`` its values."""

    code: str
    params: dict[str, Scalar] = Field(default_factory=dict)

    @property
    def reason(self) -> Reason:
        """The same reason as rules return it."""
        return Reason(self.code, self.params)


class ActivityProgress(Read):
    """One activity; ``waiting`` means declared but not countersigned, ``exempted`` by recognition of prior learning."""

    code: str
    state: State
    planned_minutes: int
    recognised_minutes: int = Field(description="never above the planned minutes (BR-06)")
    carried_minutes: Carried = 0
    done_on: date | None = None
    why: tuple[StoredReason, ...] = ()


class ModuleProgress(Read):
    """One module, with what is left and why."""

    code: str
    state: State
    due_on: date
    planned_minutes: int
    recognised_minutes: int
    activities: tuple[ActivityProgress, ...]
    why: tuple[StoredReason, ...] = ()


class CompetencyProgress(Read):
    """The highest level of a competency, judged or recognised, and the highest level that a certificate requires."""

    code: str
    level: int | None = None
    recognised_level: int | None = Field(default=None, description="by recognition of prior learning (S9)")
    threshold: int | None = None


class Eligibility(Read):
    """Whether the facts allow a kind of certificate; a named person still decides (BR-19)."""

    kind: CertificateKind
    eligible: bool
    why: tuple[StoredReason, ...] = ()


class CodevProgress(Read):
    """Sessions attended and turns as client."""

    sessions_attended: int
    times_client: int


class MandateProgress(Read):
    """Mandates begun and completed."""

    open: int
    completed: int
    enterprises: int


class Progress(Read):
    """The progress of an enrolment: minutes, attendance, modules, competencies, eligibility.

    What ``carried_minutes``, ``carried_attended_minutes`` and ``carried_base_minutes`` name came with a transfer (S3)
    and is part of the figure beside it: reports add up what was followed, without it, so that an hour counts once.
    """

    curriculum_slug: str
    curriculum_version: str
    planned_minutes: int
    recognised_minutes: int
    prior_minutes: int = Field(default=0, description="planned minutes of exempted activities, not followed (BR-29)")
    carried_minutes: Carried = 0
    attended_minutes: int
    attendance_base_minutes: int
    carried_attended_minutes: Carried = 0
    carried_base_minutes: Carried = 0
    modules: tuple[ModuleProgress, ...]
    competencies: tuple[CompetencyProgress, ...]
    codev: CodevProgress
    mandates: MandateProgress
    eligibility: tuple[Eligibility, ...]
    next_due_on: date | None = None
    last_fact_on: date | None = None

    @property
    def modules_done(self) -> int:
        """The number of complete modules."""
        return sum(m.state is State.DONE for m in self.modules)

    @property
    def attendance_pct(self) -> int | None:
        """Attendance in whole percent, rounded down; ``None`` before the first closed roll call."""
        return attendance_pct(self.attended_minutes, self.attendance_base_minutes)

    def activity(self, code: str) -> ActivityProgress:
        """Return the progress of one activity; raise ``KeyError`` when the path has none of that code."""
        activity = next((a for m in self.modules for a in m.activities if a.code == code), None)
        if activity is None:
            raise KeyError(code)
        return activity


class Step(Read):
    """Something to do now, with the reason it is still open."""

    activity_code: str
    module_code: str
    due_on: date
    why: StoredReason


class PathSummary(Read):
    """One of a person's enrolments, with the figures a list shows."""

    enrolment_id: int
    cohort_title: str
    curriculum_slug: str
    curriculum_version: str
    state: EnrolmentState
    recognised_minutes: int
    planned_minutes: int
    attendance_pct: int | None = Field(description="whole percent; null before the first closed roll call")
    modules_done: int
    modules_total: int
    next_due_on: date | None
    late: bool = Field(description="something due is not done, on the cohort's local date")
    eligible: tuple[CertificateKind, ...]


class StoredProgress(Read):
    """A projection row as stored; ``body`` is the JSON of the ``Progress`` value, not parsed."""

    version: int
    body: str
    timezone: str


def attendance_pct(attended: int, base: int) -> int | None:
    """Return the attendance in whole percent, rounded down; ``None`` without a base."""
    return attended * 100 // base if base else None
