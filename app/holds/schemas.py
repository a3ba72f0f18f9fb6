"""Commands, queries and read models of holds."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from app.holds.enums import HoldKind, HoldSort, HoldState
from app.platform.paging import PAGE, After, Limit, ListQuery
from app.platform.schema import Command, Prose, Read

Why = Annotated[Prose, StringConstraints(max_length=1000)]


class NewHold(Command):
    """A formality of the college that is not settled: no certificate until a registrar lifts it."""

    reason: Why
    whole_college: bool = Field(
        default=False, description="all the person's certificates of the college, not those of this enrolment alone"
    )


class LiftHold(Command):
    """A named person lifts a hold, and says why."""

    reason: Why


@dataclass(frozen=True, slots=True)
class Opening:
    """A hold to open by another feature: on someone's certificates of one enrolment, or of the whole college."""

    college_id: int
    person_id: int
    kind: HoldKind
    reason: str
    enrolment_id: int | None = None


class OpenHold(Read):
    """An open hold, as far as it decides: without its reason."""

    kind: HoldKind
    opened_on: date


class HoldRef(Read):
    """A hold that the actor was allowed to see; commands take it instead of an id."""

    id: int
    college_id: int
    person_id: int
    enrolment_id: int | None
    kind: HoldKind
    opened_by: int


class HoldShown(Read):
    """A hold, as the registrar, the coordinator and the person concerned read it.

    ``enrolment_id`` is null when it holds all the person's certificates of the college. The person concerned does not
    read the reasons of a conflict of interest: they are someone else's.
    """

    id: int
    college_id: int
    person_id: int
    enrolment_id: int | None
    cohort_title: str | None
    name: str
    kind: HoldKind
    advice: str
    reason: str | None
    opened_at: datetime
    opened_by: str
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


class HoldPage(Read):
    """Holds of a college, latest first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[HoldShown, ...]
    next: int | None


class HoldList(Read):
    """Holds on one person, latest first."""

    items: tuple[HoldShown, ...]


class HoldsQuery(ListQuery):
    """The holds of a college to show in a list, the latest first; those that are open unless others are chosen."""

    SORTS: ClassVar = HoldSort
    tri: str = "-date"
    etat: HoldState = HoldState.OPEN
    nature: HoldKind | None = None


class HoldsApiQuery(Command):
    """The holds of a college to return, latest first."""

    kind: HoldKind | None = None
    open: bool | None = None
    after: After = None
    limit: Limit = PAGE
