"""Codevelopment as it comes in and goes out: logistics only, no free text about what was said (design.md)."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from app.codev.models import CodevRole, TurnReason, TurnStatus
from app.cohorts.models import PresenceMode, PresenceStatus
from app.curricula.schema import Mode
from app.web import Command, Line, Read

TURNS, LINES, MEMBERS = 4, 20, 50
"""Most consultations and lines of a record, and people of a group to form, that are worth reading."""

Position = Annotated[int, Field(ge=1, le=TURNS)]


class NewGroup(Command):
    """A group to form; members join today unless told."""

    name: Annotated[Line, StringConstraints(max_length=80)]
    enrolment_ids: Annotated[tuple[int, ...], Field(max_length=MEMBERS)]
    facilitator_id: int = Field(description="person id of someone with a role in the college")
    joined_on: date | None = None


class JoinCommand(Command):
    """Someone of the cohort to add to a group."""

    enrolment_id: int
    joined_on: date | None = None


class LeaveCommand(Command):
    """A member who leaves the group; nobody replaces them (brief 2.5)."""

    membership_id: int
    left_on: date | None = None


class FacilitatorCommand(Command):
    """Who facilitates from now on, instead of who did."""

    person_id: int


class LinkCommand(Command):
    """Two people of the college between whom one manages the other."""

    manager_id: int
    member_id: int


class LinkDeclared(Read):
    """A declared link, with the groups in which both are at this moment: one of them should change group."""

    manager_id: int
    member_id: int
    group_ids: tuple[int, ...]


class NewCodevSession(Command):
    """A session to plan for a codevelopment activity; minutes and mode follow from it when left out."""

    activity_code: Annotated[str, StringConstraints(max_length=20)]
    starts_at: AwareDatetime
    planned_minutes: Annotated[int, Field(ge=30, le=480)] | None = None
    mode: Mode | None = None


class RoleCommand(Command):
    """A role of a member in a consultation."""

    position: Position
    membership_id: int
    role: CodevRole


class RolesCommand(Command):
    """All roles of a session, in place of those planned before; who has none is a consultant."""

    roles: Annotated[tuple[RoleCommand, ...], Field(max_length=32)]


class PresenceCommand(Command):
    """A member's presence."""

    membership_id: int
    status: PresenceStatus
    minutes: Annotated[int, Field(ge=0, le=480)]
    mode: PresenceMode | None = None


class TurnCommand(Command):
    """What became of a consultation; the reason is a category, never a detail (S4)."""

    position: Position
    client_id: int = Field(description="membership of whoever was the client, or should have been")
    status: TurnStatus
    reason: TurnReason | None = None


class RecordCommand(Command):
    """The record to close; a correction names the one it supersedes."""

    entries: Annotated[tuple[PresenceCommand, ...], Field(max_length=LINES)]
    turns: Annotated[tuple[TurnCommand, ...], Field(max_length=TURNS)] = ()
    facilitator_present: bool = True
    supersedes: int | None = None


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


class GroupRef(Read):
    """A group that the actor may see: what commands accept."""

    id: int
    college_id: int
    cohort_id: int
    name: str
    cohort: str
    curriculum_slug: str
    curriculum_version: str
    starts_on: date
    ends_on: date
    timezone: str
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


class FacilitatorShown(Read):
    """Who facilitates."""

    person_id: int
    name: str


class CodevSessionRow(Read):
    """A session in a list; ``held`` is ``None`` before its record is closed."""

    id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    cancelled: bool
    held: bool | None


class GroupShown(GroupRef):
    """A group with its people and its sessions, in order of time."""

    members: tuple[MemberShown, ...]
    facilitators: tuple[FacilitatorShown, ...]
    sessions: tuple[CodevSessionRow, ...]


class CodevSessionRef(Read):
    """A session that the actor may see: what commands accept."""

    id: int
    college_id: int
    group_id: int
    cohort_id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    timezone: str
    cancelled_at: datetime | None
    inside: bool


class RoleShown(Read):
    """A planned role."""

    position: int
    membership_id: int
    name: str
    role: CodevRole


class PresenceShown(Read):
    """A line of the record; ``status`` is ``None`` while nothing is recorded."""

    membership_id: int
    name: str
    status: PresenceStatus | None
    minutes: int | None
    mode: PresenceMode | None


class TurnShown(Read):
    """A recorded consultation; the reason is for the group only (S4)."""

    position: int
    client_id: int
    client: str
    planned_client_id: int | None
    planned_client: str | None
    status: TurnStatus
    reason: TurnReason | None


class CodevSessionShown(CodevSessionRef):
    """A session with its planned roles and, once closed, its record."""

    group: str
    roles: tuple[RoleShown, ...]
    entries: tuple[PresenceShown, ...]
    turns: tuple[TurnShown, ...]
    record_id: int | None
    held: bool | None
    closed_at: datetime | None
    facilitator: str | None


class ProposedShown(Read):
    """A consultation that the rotation proposes; the facilitator may choose otherwise."""

    position: int
    client_id: int
    client: str
    reserve_id: int
    reserve: str
