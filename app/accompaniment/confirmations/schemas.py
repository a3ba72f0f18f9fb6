"""Read models of milestones that await their confirmation."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from app.accompaniment.mandates.enums import MilestoneKind
from app.platform.paging import ListQuery
from app.platform.schema import Command, Read


class ConfirmForm(Command):
    """The form of a confirmation; ``of_mandate`` when it stands on the mandate's page."""

    of_mandate: bool = False


class MilestoneRef(Read):
    """A milestone within the actor's reach; ``people`` are the advisors of its mandate, whom it is about."""

    id: int
    college_id: int
    mandate_id: int
    recorded_by: int
    people: frozenset[int]


class AwaitingMilestone(Read):
    """A milestone that nobody has confirmed; ``mine`` when its reader recorded it, or is an advisor of its mandate.

    ``in_conflict`` when an interest that they declared keeps them from confirming it.
    """

    id: int
    mandate_id: int
    enterprise: str
    title: str
    advisors: str
    kind: MilestoneKind
    happened_on: date
    recorded_at: datetime
    recorded_by: str
    mine: bool
    in_conflict: bool


class AwaitingPage(Read):
    """A page of milestones that await confirmation, oldest first; ``next`` is the ``after`` of the following page."""

    items: tuple[AwaitingMilestone, ...]
    next: int | None


class AwaitingSort(StrEnum):
    """What the list of milestones to confirm is sorted by."""

    RECORDED = "inscription"
    ENTERPRISE = "entreprise"


class AwaitingQuery(ListQuery):
    """The milestones to show in a list, oldest first; the search looks at the enterprise's name."""

    SORTS: ClassVar = AwaitingSort
    tri: str = "inscription"
