"""Commands and read models of the destruction of what groups wrote."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from app.codev.destruction.rules import NOTICE_DAYS
from app.platform.schema import Command, Read


class ScheduleCommand(Command):
    """The schedule that a college confirms; without ``days`` nothing is destroyed any more."""

    days: Annotated[int, Field(ge=NOTICE_DAYS, le=730)] | None = None


class GroupToDestroy(Read):
    """What the schedule means for a group: counts, never a word."""

    group_id: int
    group: str
    cohort: str
    texts: int
    over_on: date | None
    told_on: date | None
    destroyed_from: date | None = Field(description="first day; null while the cycle goes on or nothing is confirmed")
    destroyed_at: datetime | None


class ScheduleShown(Read):
    """A college's schedule, with what it means now for each group that wrote something."""

    college_id: int
    days: int | None = Field(description="null: nothing is confirmed, nothing is destroyed")
    proposed_days: int
    confirmed_at: datetime | None
    confirmed_by: str | None
    groups: tuple[GroupToDestroy, ...]
