"""Commands and read models of assignments. Moments are UTC."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from app.grading.schemas import TypedCode
from app.platform.paging import LARGEST_ID, ListQuery
from app.platform.schema import Command, Read

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class AssignCommand(Command):
    """Assign the works of a person, or those of one activity, to a trainer of the cohort, or to nobody again."""

    activity_code: TypedCode | None = Field(default=None, description="all activities when left out")
    assignee_id: Id | None = Field(default=None, description="a trainer of the cohort; nobody when left out")
    supersedes: Id | None = Field(default=None, description="the assignment that this one replaces, as it was read")


class AssignmentShown(Read):
    """An assignment in force; of one activity it prevails over that of the person."""

    id: int
    enrolment_id: int
    activity_code: str | None
    assignee_id: int | None
    assignee: str | None
    assigned_at: datetime
    assigned_by: str


class CohortWorkSort(StrEnum):
    """What the works of a cohort are sorted by."""

    AGE = "attente"
    NAME = "nom"


class CohortWorksQuery(ListQuery):
    """The works of a cohort to show, those that wait longest first; the search looks at people and activities."""

    SORTS: ClassVar = CohortWorkSort
    tri: str = "-attente"
