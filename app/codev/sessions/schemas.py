"""Commands, forms and read models of sessions, roles and turns: no free text about their content (BR-11)."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from app.attendance.calendar.schemas import ClashesRead, ClashesSeen, LocalMoment, MeetingLink
from app.attendance.clashes.rules import NO_CLASH
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.codev.protocols.enums import Variant
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.sessions.enums import CodevRole, MoveReason, UndoReason
from app.curricula.enums import Mode
from app.network.venues.schemas import VenueAddress
from app.platform.schema import BlankIsNone, Code, Command, Read

TURNS = 4
"""Largest number of consultations in a session."""

Position = Annotated[int, Field(ge=1, le=TURNS)]


class NewCodevSession(Command):
    """A session to plan for a codevelopment activity; minutes and mode follow from it when left out."""

    activity_code: Annotated[Code, StringConstraints(max_length=20)]
    starts_at: AwareDatetime
    planned_minutes: Annotated[int, Field(ge=30, le=480)] | None = None
    mode: Mode | None = None
    venue_id: int | None = None
    meeting_link: MeetingLink | None = None
    clashes_seen: ClashesSeen = None


class AskedCodevSession(NewCodevSession):
    """A session to plan, as a program asks: what clashes with it is to be read first."""

    clashes_seen: ClashesRead = NO_CLASH


class ChangedCodevSession(Command):
    """What a session becomes, with the kind of reason; its activity and its planned roles stay.

    ``sequence`` is that of the session as it was read. Without ``meeting_link`` the session keeps the one it has, which
    ``without_link`` takes away.
    """

    sequence: int
    planned_minutes: Annotated[int, Field(ge=30, le=480)]
    mode: Mode
    venue_id: int | None = None
    meeting_link: MeetingLink | None = None
    without_link: bool = False
    clashes_seen: ClashesSeen = None
    reason: MoveReason


class ChangeCodevSession(ChangedCodevSession):
    """A session to move or change."""

    starts_at: AwareDatetime


class AskedCodevChange(ChangeCodevSession):
    """A session to move or change, as a program asks: what clashes with it is to be read first."""

    clashes_seen: ClashesRead = NO_CLASH


class LocalCodevChange(ChangedCodevSession, LocalMoment):
    """A session to move or change, as its form sends it: what clashes with it is always to be read first."""

    clashes_seen: ClashesRead = NO_CLASH


class CodevPastTime(Read):
    """What a session was before a change: when, where, until when, and which kind of reason it changed for."""

    changed_at: datetime
    reason: MoveReason
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    venue: str | None
    timezone: str


class RestoreCodevSession(Command):
    """The return of a cancelled session to the group's calendar."""

    reason: UndoReason
    clashes_seen: ClashesSeen = None


class AskedCodevReturn(RestoreCodevSession):
    """The return of a session, as its form or a program asks: what clashes with it is to be read first."""

    clashes_seen: ClashesRead = NO_CLASH


class RoleCommand(Command):
    """A role of a member in a consultation."""

    position: Position
    membership_id: int
    role: CodevRole


class RolesCommand(Command):
    """All roles of a session, in place of those planned before; a member without one is a consultant."""

    roles: Annotated[tuple[RoleCommand, ...], Field(max_length=32)]


class CodevSessionRow(Read):
    """A session in a list; ``held`` is ``None`` before its record is closed."""

    id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    venue: VenueAddress | None
    timezone: str
    cancelled: bool
    held: bool | None


class CodevSessionRef(Read):
    """A session that the actor may see; commands accept it."""

    id: int
    college_id: int
    group_id: int
    cohort_id: int
    activity_code: str
    starts_at: datetime
    planned_minutes: int
    mode: Mode
    venue: VenueAddress | None
    timezone: str
    has_link: bool
    sequence: int
    cancelled_at: datetime | None
    inside: bool


class SessionRole(Read):
    """A planned role."""

    position: int
    membership_id: int
    name: str
    role: CodevRole


class PresenceShown(Read):
    """A member's presence in the record; ``status`` is ``None`` while nothing is recorded."""

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
    protocol: Variant


class CodevSessionShown(CodevSessionRef):
    """A session with its planned roles and, once closed, its record; its meeting link is for the group alone."""

    group: str
    meeting_link: str | None
    meeting_link_from: datetime | None
    roles: tuple[SessionRole, ...]
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


OptionalMembership = Annotated[int | None, BlankIsNone]
OptionalMemberships = Annotated[tuple[OptionalMembership, ...], Field(max_length=TURNS)]
"""One membership id, or none, for each consultation."""


class LocalCodevSession(LocalMoment):
    """A session to plan, as its form sends it: what clashes with it is always to be read first."""

    activity_code: Annotated[Code, StringConstraints(max_length=20)]
    mode: Mode | None = None
    meeting_link: MeetingLink | None = None
    clashes_seen: ClashesRead = NO_CLASH


class RolesForm(Command):
    """Roles as the page's form sends them: one value a consultation in each list, in the same order."""

    client: OptionalMemberships = ()
    reserve: OptionalMemberships = ()
    observer: OptionalMemberships = ()
    note_taker: OptionalMemberships = ()
    digital_facilitator: OptionalMemberships = ()

    @property
    def command(self) -> RolesCommand:
        """Return the command for the service; a consultation without client and reserve is left out."""
        members = {
            CodevRole.CLIENT: self.client,
            CodevRole.RESERVE: self.reserve,
            CodevRole.OBSERVER: self.observer,
            CodevRole.NOTE_TAKER: self.note_taker,
            CodevRole.DIGITAL_FACILITATOR: self.digital_facilitator,
        }
        return RolesCommand(
            roles=tuple(
                RoleCommand(position=position, membership_id=membership_id, role=role)
                for role, membership_ids in members.items()
                for position, membership_id in enumerate(membership_ids, 1)
                if membership_id is not None
            )
        )
