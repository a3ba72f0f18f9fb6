"""Command and form of a session's record: no free text about its content (BR-11)."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.rules import ATTENDING
from app.codev.protocols.enums import Variant
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.sessions.schemas import TURNS, OptionalMembership, Position
from app.platform.schema import BlankIsNone, Command, Read

LINES = 20
"""Largest number of people that a record may name."""


class SessionToRecord(Read):
    """A session that has begun and has no record."""

    id: int
    group: str
    starts_at: datetime
    timezone: str


class PresenceCommand(Command):
    """A member's presence."""

    membership_id: int
    status: PresenceStatus
    minutes: Annotated[int, Field(ge=0, le=480)]
    mode: PresenceMode | None = None


class TurnCommand(Command):
    """The status of a consultation and its protocol's variant; the reason is a category, never a detail (S4)."""

    position: Position
    client_id: int = Field(description="membership of the client, or of the client planned")
    status: TurnStatus
    reason: TurnReason | None = None
    protocol: Variant = Variant.STANDARD


class RecordCommand(Command):
    """The record to close; a correction names the one it supersedes."""

    entries: Annotated[tuple[PresenceCommand, ...], Field(max_length=LINES)]
    turns: Annotated[tuple[TurnCommand, ...], Field(max_length=TURNS)] = ()
    facilitator_present: bool = True
    supersedes: int | None = None


class RecordForm(Command):
    """A record as the page's form sends it: one value a person, then one a consultation, each list in order."""

    membership_id: Annotated[tuple[int, ...], Field(max_length=LINES)] = ()
    status: tuple[PresenceStatus, ...] = ()
    minutes: tuple[Annotated[Annotated[int, Field(ge=0, le=480)] | None, BlankIsNone], ...] = ()
    mode: tuple[Annotated[PresenceMode | None, BlankIsNone], ...] = ()
    position: Annotated[tuple[Position, ...], Field(max_length=TURNS)] = ()
    client_id: tuple[OptionalMembership, ...] = ()
    turn: tuple[TurnStatus, ...] = ()
    reason: tuple[Annotated[TurnReason | None, BlankIsNone], ...] = ()
    protocol: Annotated[tuple[Variant, ...], Field(max_length=TURNS)] = ()
    facilitator_present: bool = False
    supersedes: int | None = None

    @property
    def command(self) -> RecordCommand:
        """Return the command for the service; minutes and mode of an absent person are left out."""
        lines = zip(self.membership_id, self.status, self.minutes, self.mode, strict=False)
        usual = (Variant.STANDARD,) * (len(self.position) - len(self.protocol))
        turns = zip(self.position, self.client_id, self.turn, self.reason, (*self.protocol, *usual), strict=False)
        return RecordCommand(
            entries=tuple(
                PresenceCommand(membership_id=membership_id, status=status, minutes=minutes or 0, mode=mode)
                if status in ATTENDING
                else PresenceCommand(membership_id=membership_id, status=status, minutes=0)
                for membership_id, status, minutes, mode in lines
            ),
            turns=tuple(
                TurnCommand(position=position, client_id=client, status=status, reason=reason, protocol=protocol)
                for position, client, status, reason, protocol in turns
                if client is not None
            ),
            facilitator_present=self.facilitator_present,
            supersedes=self.supersedes,
        )
