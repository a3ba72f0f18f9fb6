"""Codevelopment as the pages' forms send it: lists of values in the same order."""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from app.codev.models import CodevRole, TurnReason, TurnStatus
from app.codev.schemas import (
    LINES,
    MEMBERS,
    TURNS,
    LinkCommand,
    NewGroup,
    Position,
    PresenceCommand,
    RecordCommand,
    RoleCommand,
    RolesCommand,
    TurnCommand,
)
from app.cohorts.models import PresenceMode, PresenceStatus
from app.cohorts.rules import ATTENDING
from app.web import Command


def _blank_is_none(value: object) -> object:
    return value or None


Blank = BeforeValidator(_blank_is_none)
Someone = Annotated[int | None, Blank]
Consultations = Annotated[tuple[Someone, ...], Field(max_length=TURNS)]


class NewGroupForm(NewGroup):
    """A group as the page's form sends it."""

    cohort_id: int
    enrolment_ids: Annotated[tuple[int, ...], Field(max_length=MEMBERS)] = ()
    joined_on: Annotated[date | None, Blank] = None

    @property
    def command(self) -> NewGroup:
        """What the service takes."""
        return NewGroup.model_validate(self.model_dump(exclude={"cohort_id"}))


class LinkForm(LinkCommand):
    """A management link, with the cohort whose page it was typed on."""

    cohort_id: int

    @property
    def command(self) -> LinkCommand:
        """What the service takes."""
        return LinkCommand(manager_id=self.manager_id, member_id=self.member_id)


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


class RecordForm(Command):
    """A record as the page's form sends it: one value a person, then one a consultation, in the same order."""

    membership_id: Annotated[tuple[int, ...], Field(max_length=LINES)] = ()
    status: tuple[PresenceStatus, ...] = ()
    minutes: tuple[Annotated[Annotated[int, Field(ge=0, le=480)] | None, Blank], ...] = ()
    mode: tuple[Annotated[PresenceMode | None, Blank], ...] = ()
    position: Annotated[tuple[Position, ...], Field(max_length=TURNS)] = ()
    client_id: tuple[Someone, ...] = ()
    turn: tuple[TurnStatus, ...] = ()
    reason: tuple[Annotated[TurnReason | None, Blank], ...] = ()
    facilitator_present: bool = False
    supersedes: int | None = None

    @property
    def command(self) -> RecordCommand:
        """What the service takes; what an absent person's line still shows counts for nothing."""
        lines = zip(self.membership_id, self.status, self.minutes, self.mode, strict=False)
        turns = zip(self.position, self.client_id, self.turn, self.reason, strict=False)
        return RecordCommand(
            entries=tuple(
                PresenceCommand(membership_id=who, status=status, minutes=minutes or 0, mode=mode)
                if status in ATTENDING
                else PresenceCommand(membership_id=who, status=status, minutes=0)
                for who, status, minutes, mode in lines
            ),
            turns=tuple(
                TurnCommand(position=position, client_id=client, status=status, reason=reason)
                for position, client, status, reason in turns
                if client is not None
            ),
            facilitator_present=self.facilitator_present,
            supersedes=self.supersedes,
        )
