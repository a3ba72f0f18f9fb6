"""The ``Progress`` value: what an enrolment's facts amount to. Times are minutes, dates ISO 8601."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from app.curricula.schema import CertificateKind
from app.errors import Reason, Scalar
from app.web import Read


class State(StrEnum):
    """Of an activity or a module."""

    LOCKED = "locked"
    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"


class Why(Read):
    """A reason as data: ``code`` is stable, ``params`` its values."""

    code: str
    params: dict[str, Scalar] = Field(default_factory=dict)

    @property
    def reason(self) -> Reason:
        """As rules and texts know it."""
        return Reason(self.code, self.params)


class ActivityProgress(Read):
    """One activity; ``waiting`` means declared but not countersigned."""

    code: str
    state: State
    planned_minutes: int
    recognised_minutes: int = Field(description="never above the planned minutes (BR-06)")
    done_on: date | None = None
    why: tuple[Why, ...] = ()


class ModuleProgress(Read):
    """One module, with what is left and why."""

    code: str
    state: State
    due_on: date
    planned_minutes: int
    recognised_minutes: int
    activities: tuple[ActivityProgress, ...]
    why: tuple[Why, ...] = ()


class CompetencyProgress(Read):
    """The highest validated level of a competency, and the highest threshold that a certificate asks."""

    code: str
    level: int | None = None
    threshold: int | None = None


class Eligibility(Read):
    """Whether the facts allow a kind of certificate; a named person still decides (BR-19)."""

    kind: CertificateKind
    eligible: bool
    why: tuple[Why, ...] = ()


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
    """The whole: recognised and planned minutes, attendance, modules, competencies, eligibility."""

    curriculum_slug: str
    curriculum_version: str
    planned_minutes: int
    recognised_minutes: int
    attended_minutes: int
    attendance_base_minutes: int
    modules: tuple[ModuleProgress, ...]
    competencies: tuple[CompetencyProgress, ...]
    codev: CodevProgress
    mandates: MandateProgress
    eligibility: tuple[Eligibility, ...]
    next_due_on: date | None = None
    last_fact_on: date | None = None

    @property
    def modules_done(self) -> int:
        """How many modules are complete."""
        return sum(m.state is State.DONE for m in self.modules)

    @property
    def attendance_pct(self) -> int | None:
        """Attendance in whole percent, rounded down; ``None`` before the first closed roll call."""
        return attendance_pct(self.attended_minutes, self.attendance_base_minutes)

    def activity(self, code: str) -> ActivityProgress:
        """One activity; ``KeyError`` when the path has none of that code."""
        found = next((a for m in self.modules for a in m.activities if a.code == code), None)
        if found is None:
            raise KeyError(code)
        return found


def attendance_pct(attended: int, base: int) -> int | None:
    """Attendance in whole percent, rounded down; ``None`` without a base."""
    return attended * 100 // base if base else None
