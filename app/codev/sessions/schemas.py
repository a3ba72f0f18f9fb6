"""Codevelopment as it comes in and goes out: logistics only, no free text about what was said (BR-11)."""

from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints

from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.sessions.enums import CodevRole
from app.curricula.enums import Mode
from app.platform.schema import Command, Read

TURNS = 4
"""Most consultations of a session."""

Position = Annotated[int, Field(ge=1, le=TURNS)]


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


class CodevSessionRow(Read):
    """A session in a list; ``held`` is ``None`` before its record is closed."""

    id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    cancelled: bool
    held: bool | None


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


def _blank_is_none(value: object) -> object:
    return value or None


Blank = BeforeValidator(_blank_is_none)
Someone = Annotated[int | None, Blank]
Consultations = Annotated[tuple[Someone, ...], Field(max_length=TURNS)]


class LocalCodevSession(Command):
    """A session to plan, its day and clock as the cohort's place shows them (BR-30)."""

    activity_code: Annotated[str, StringConstraints(max_length=20)]
    day: date
    clock: time
    second: Literal["first", "second"] | None = None

    @property
    def is_second(self) -> bool | None:
        """Which of November's two hours, when told."""
        return None if self.second is None else self.second == "second"


class RolesForm(Command):
    """Roles as the page's form sends them: one value a consultation in each list, in the same order."""

    client: Consultations = ()
    reserve: Consultations = ()
    observer: Consultations = ()
    note_taker: Consultations = ()
    digital_facilitator: Consultations = ()

    @property
    def command(self) -> RolesCommand:
        """What the service takes; a consultation left without client and reserve is none."""
        return RolesCommand(
            roles=tuple(
                RoleCommand(position=place + 1, membership_id=someone, role=role)
                for role in CodevRole
                for place, someone in enumerate(getattr(self, role.value))
                if someone is not None
            )
        )
