"""Commands and read models of the destruction of what groups wrote."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from app.codev.destruction.rules import NOTICE_DAYS
from app.platform.schema import BlankIsNone, Command, Read

Days = Annotated[int, Field(ge=NOTICE_DAYS, le=730)]


class ScheduleCommand(Command):
    """The schedule that a college confirms; without ``days`` nothing is destroyed any more."""

    days: Days | None = None


class DryRunQuery(Command):
    """A number of days to try: nothing is written, nothing is destroyed."""

    days: Days | None = None


class ScheduleForm(ScheduleCommand):
    """The form of the schedule: ``essai`` asks for a dry run of its days instead of confirming them."""

    essai: bool = False


class TriedQuery(Command):
    """The number of days whose dry run the page shows."""

    jours: Annotated[Days | None, BlankIsNone] = None


class GroupToDestroy(Read):
    """What the schedule means for a group: counts, never a word."""

    group_id: int
    group: str
    cohort: str
    texts: int
    over_on: date | None
    told_on: date | None
    destroyed_from: date | None = Field(description="first day; null while the cycle goes on or nothing is confirmed")
    tried_from: date | None
    destroyed_at: datetime | None


class ScheduleShown(Read):
    """A college's schedule, with what it means now for each group that wrote something."""

    college_id: int
    days: int | None = Field(description="null: nothing is confirmed, nothing is destroyed")
    proposed_days: int
    tried_days: int
    confirmed_at: datetime | None
    confirmed_by: str | None
    groups: tuple[GroupToDestroy, ...]
