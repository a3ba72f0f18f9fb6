"""Command and read models of announced entrances."""

from datetime import date, datetime

from pydantic import Field

from app.platform.schema import Command, Read


class ConcernCommand(Command):
    """Whether an announced entrance concerns a member: no reason is asked, and only the facilitator reads it."""

    is_concerned: bool = False


class EntranceRef(Read):
    """An announced entrance that the actor may see; commands accept it."""

    id: int
    college_id: int
    group_id: int
    enrolment_id: int
    enters_on: date
    ended_at: datetime | None


class EntranceShown(Read):
    """Someone who is to enter a group; ``own_concern`` and ``concerned`` are for a member and for the facilitator."""

    id: int
    name: str
    enters_on: date
    announced_at: datetime
    own_concern: bool | None = Field(description="whether it concerns the reader; None when they are no member")
    concerned: tuple[str, ...] | None = Field(description="the members it concerns; None but for the facilitator")


class EntrancePage(Read):
    """The entrances announced in a group, in order of their days."""

    items: tuple[EntranceShown, ...]
