"""Commands, forms and read models of groups and management links."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from app.codev.sessions.enums import UndoReason
from app.codev.sessions.schemas import CodevSessionRow
from app.cohorts.enums import CohortState
from app.platform.paging import ListQuery
from app.platform.schema import BlankIsNone, Command, Line, Read

MEMBERS = 50
"""Largest number of people that a request to form a group may name."""


class NewGroup(Command):
    """A group to form; members join today when ``joined_on`` is left out."""

    name: Annotated[Line, StringConstraints(max_length=80)]
    enrolment_ids: Annotated[tuple[int, ...], Field(max_length=MEMBERS)]
    facilitator_id: int = Field(description="person id of someone with a role in the college")
    joined_on: date | None = None


class JoinCommand(Command):
    """A person of the cohort to add to a group: since a day, or from a day to come on when it has begun."""

    enrolment_id: int
    joined_on: Annotated[date | None, BlankIsNone] = None


class LeaveCommand(Command):
    """A member who leaves the group; nobody replaces them."""

    membership_id: int
    left_on: date | None = None


class ReturnCommand(Command):
    """A member whose departure is taken back: their turns and presences go on."""

    membership_id: int
    reason: UndoReason


class FacilitatorCommand(Command):
    """The new facilitator of a group, in place of the present one."""

    person_id: int


class LinkCommand(Command):
    """Two people of the college between whom one manages the other."""

    manager_id: int
    member_id: int


class LinkDeclared(Read):
    """A declared link, with the groups to which both people belong now: one of them should change group."""

    manager_id: int
    member_id: int
    group_ids: tuple[int, ...]


class GroupRow(Read):
    """A group in a list."""

    id: int
    name: str
    cohort_id: int
    cohort: str
    members: int
    sessions_held: int
    next_session_id: int | None
    next_starts_at: datetime | None
    timezone: str


class GroupPage(Read):
    """Groups, those of the newest cohort first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[GroupRow, ...]
    next: int | None


class GroupSort(StrEnum):
    """What the list of groups is sorted by: their cohort, the newest first, then their name."""

    COHORT = "cohorte"


class GroupsQuery(ListQuery):
    """The groups to show, those of the newest cohort first; the search looks at their names and their cohort's."""

    SORTS: ClassVar = GroupSort
    tri: str = "cohorte"
    cohorte: int | None = None


class GroupRef(Read):
    """A group that the actor may see; commands accept it."""

    id: int
    college_id: int
    cohort_id: int
    name: str
    cohort: str
    cohort_state: CohortState
    curriculum_slug: str
    curriculum_version: str
    starts_on: date
    ends_on: date
    timezone: str
    contract_version: str
    protocol_version: str
    composition: int
    inside: bool = Field(description="whether the actor is a member or the facilitator")


class MemberShown(Read):
    """A member, with turns as client and sessions attended so far."""

    membership_id: int
    enrolment_id: int
    name: str
    joined_on: date
    left_on: date | None
    follows: bool = Field(description="active in the cohort and still in the group")
    turns: int
    last_turn_on: date | None
    turn_kept: bool = Field(description="missed a turn with notice: comes first among equals")
    sessions_attended: int
    agreed_at: datetime | None


class FacilitatorShown(Read):
    """A facilitator of a group."""

    person_id: int
    name: str
    agreed_at: datetime | None


class Entering(Read):
    """Someone who is announced to enter a group that has begun, and when (S2)."""

    entrance_id: int
    name: str
    enters_on: date


class GroupShown(GroupRef):
    """A group with its people and its sessions, in order of time."""

    entering: tuple[Entering, ...]
    members: tuple[MemberShown, ...]
    facilitators: tuple[FacilitatorShown, ...]
    sessions: tuple[CodevSessionRow, ...]


class NewGroupForm(NewGroup):
    """A group as the page's form sends it."""

    cohort_id: int
    enrolment_ids: Annotated[tuple[int, ...], Field(max_length=MEMBERS)] = ()
    joined_on: Annotated[date | None, BlankIsNone] = None

    @property
    def command(self) -> NewGroup:
        """Return the command for the service."""
        return NewGroup.model_validate(self.model_dump(exclude={"cohort_id"}))


class LinkForm(LinkCommand):
    """A management link as the page's form sends it, with the cohort of the page."""

    cohort_id: int

    @property
    def command(self) -> LinkCommand:
        """Return the command for the service."""
        return LinkCommand(manager_id=self.manager_id, member_id=self.member_id)


class SmallGroup(Read):
    """A group with too few members for a session to count; ``members`` follow the training."""

    group_id: int
    name: str
    members: int
