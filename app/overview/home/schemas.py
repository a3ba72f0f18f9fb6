"""The signed-in person, their roles, and what waits for them."""

from datetime import date

from app.grading.works.enums import WorkState
from app.overview.calendar.schemas import AgendaItem
from app.overview.home.enums import WaitingKind
from app.platform.schema import Read
from app.platform.security.permissions import Role


class HeldRole(Read):
    """A role, and where it is held."""

    role: Role
    college: str | None = None
    cohort: str | None = None
    cohort_id: int | None = None
    group: str | None = None
    group_id: int | None = None
    project_id: int | None = None
    college_id: int | None = None


class Me(Read):
    """The signed-in person."""

    person_id: int
    name: str
    roles: tuple[HeldRole, ...]


class WaitingLine(Read):
    """How much waits in one place; ``id`` and ``name`` are those of the cohort, the college or the session, if any.

    A number that ``is_more`` is the largest that is counted. ``oldest_days`` is the age of what has waited longest;
    of people at risk, ``long_late`` and ``attendance_low`` say why; ``held_on`` is the day of a session.
    """

    count: int
    is_more: bool = False
    id: int | None = None
    name: str = ""
    oldest_days: int | None = None
    long_late: int = 0
    attendance_low: int = 0
    held_on: date | None = None


class WaitingPart(Read):
    """What waits of one kind, place by place; without lines nothing does, in the cohorts that were looked at.

    ``is_partial`` says that some cohorts were not: those running are looked at first.
    """

    kind: WaitingKind
    lines: tuple[WaitingLine, ...] = ()
    is_partial: bool = False


class WaitingList(Read):
    """What waits for the signed-in person, each kind once, the most urgent first."""

    parts: tuple[WaitingPart, ...]


class NextStep(Read):
    """Something that the person can do now on a path of theirs."""

    enrolment_id: int
    activity_code: str
    title: str
    due_on: date
    late: bool


class Judged(Read):
    """A competency of the person that was judged in the last weeks."""

    enrolment_id: int
    competency_code: str
    title: str
    validated_on: date


class OwnWork(Read):
    """A work of the person that is not judged yet, or is to be redone: the last attempt at its activity."""

    enrolment_id: int
    activity_code: str | None
    mandate_id: int | None
    title: str
    state: WorkState


class Own(Read):
    """What the signed-in person has to come and to do for themself: sessions, steps of their paths, what was judged,
    works handed in.
    """

    sessions: tuple[AgendaItem, ...] = ()
    steps: tuple[NextStep, ...] = ()
    judged: tuple[Judged, ...] = ()
    works: tuple[OwnWork, ...] = ()
