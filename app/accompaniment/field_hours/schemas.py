"""Commands and read model of field hours. Times are minutes, moments UTC."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from app.accompaniment.field_hours.rules import MINUTES_A_DAY
from app.cohorts.schemas import Justification
from app.learning.activities.schemas import ActivityCode
from app.platform.paging import ListQuery
from app.platform.schema import Command, Line, Read


class HoursState(StrEnum):
    """State of declared hours."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class HoursCommand(Command):
    """Minutes spent in an enterprise on one day, for a field activity, in half-hours.

    ``mandate_id`` is one of the mandates of the enrolment, needed as soon as it has one.
    """

    activity_code: ActivityCode
    mandate_id: int | None = None
    minutes: Annotated[int, Field(ge=1, le=MINUTES_A_DAY)]
    worked_on: date
    note: Line | None = None


class HoursShown(Read):
    """Declared hours that the actor may see, with the countersignature in force."""

    id: int
    college_id: int
    enrolment_id: int
    person_id: int
    name: str
    cohort_title: str
    curriculum_slug: str
    curriculum_version: str
    activity_code: str
    mandate_id: int | None = None
    mandate_title: str | None = None
    enterprise: str | None = None
    minutes: int
    worked_on: date
    note: str
    declared_at: datetime
    state: HoursState
    countersignature_id: int | None = None
    reason: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


class CountersignCommand(Command):
    """Accept or refuse declared hours; a refusal, or a decision that supersedes another, needs a reason."""

    accepted: bool
    reason: Justification | None = None
    supersedes: int | None = Field(default=None, description="the countersignature in force, when there is one")


class HoursPage(Read):
    """Hours to countersign, those declared first at the top; ``next`` is the cursor of the following page."""

    items: tuple[HoursShown, ...]
    next: int | None


class HoursSort(StrEnum):
    """What the list of hours to countersign is sorted by."""

    DECLARED = "declaration"
    WORKED = "jour"
    NAME = "nom"


class HoursQuery(ListQuery):
    """The hours to show in a list, those declared first at the top."""

    SORTS: ClassVar = HoursSort
    tri: str = "declaration"
