"""Commands and read models of applications and enrolments."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from app.cohorts.enums import ApplicationSort, EnrolmentState
from app.cohorts.schemas import Justification
from app.platform.paging import ListQuery
from app.platform.schema import Command, Line, Prose, Read


class ApplyCommand(Command):
    """An application to a cohort."""

    motive: Annotated[Prose, StringConstraints(max_length=4000)]
    employer: Line | None = None
    employer_agrees: bool = False


class MoveCommand(Command):
    """A change of state (BR-04); ``joined_on`` counts only for an admission or an activation."""

    to: EnrolmentState
    reason: Justification | None = None
    joined_on: date | None = None


class EnrolmentRef(Read):
    """An enrolment that was loaded within the actor's reach; services accept it as proof."""

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


class Moved(EnrolmentRef):
    """An enrolment after a change of state; ``awaiting`` is the state that a second person has still to confirm."""

    awaiting: EnrolmentState | None = None


class MoveShown(Read):
    """A past change of state; ``by`` is ``None`` where no person acted: a seat was free, or an offer expired."""

    from_state: EnrolmentState | None
    to_state: EnrolmentState
    moved_at: datetime
    by: str | None
    reason: str | None
    exceptions: tuple[str, ...]


class ApplicationsQuery(ListQuery):
    """The answered applications to show in a list, oldest first."""

    SORTS: ClassVar = ApplicationSort
    tri: str = "reception"
    etat: EnrolmentState | None = None


class ApplicationShown(Read):
    """An application with what the person declared."""

    enrolment_id: int
    name: str
    state: EnrolmentState
    motive: str
    employer: str | None
    employer_agrees: bool
    received_at: datetime
    meets_conditions: bool


class ApplicationPage(Read):
    """Applications to a cohort, oldest first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[ApplicationShown, ...]
    next: int | None
