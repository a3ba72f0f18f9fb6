"""Pure rules of learning: what may be marked done, handed in or declared, and when it came.

Sources: BR-03, BR-06 (recognised hours), S1 (declared moment, grace).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity
from app.platform.errors import Reason
from app.progress.schemas import ActivityProgress, State

ATTEMPTS = 2
"""Attempts at a summative assessment; more need the coordinator."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead the clock of someone's device may be."""


@dataclass(frozen=True, slots=True)
class Desk:
    """An activity as its participant finds it on a day: what it is, where it stands, when the cohort began."""

    activity: Activity
    standing: ActivityProgress
    starts_on: date
    today: date


def type_reasons(desk: Desk, wanted: ActivityType, code: str) -> list[Reason]:
    if desk.activity.type is wanted:
        return []
    return [Reason(code, {"activity": desk.activity.code}, "activity_code")]


def locked_reasons(desk: Desk) -> list[Reason]:
    """BR-03: the prerequisite modules come first."""
    if desk.standing.state is not State.LOCKED:
        return []
    modules = ", ".join(str(why.params["module"]) for why in desk.standing.why)
    return [Reason("activity_locked", {"activity": desk.activity.code, "modules": modules}, "activity_code")]


def day_reasons(desk: Desk, day: date, field: str) -> list[Reason]:
    if day > desk.today:
        return [Reason("date_in_the_future", field=field)]
    if day < desk.starts_on:
        return [Reason("before_the_start", {"starts_on": desk.starts_on.isoformat()}, field)]
    return []


# Activities done alone --------------------------------------------------------------------------


def completion_reasons(desk: Desk, *, done: bool, done_on: date) -> list[Reason]:
    """Why an activity may not be marked done; taking it back only asks that it is one done alone."""
    found = type_reasons(desk, ActivityType.self_study, "not_self_study")
    if found or not done:
        return found
    return locked_reasons(desk) + day_reasons(desk, done_on, "done_on")
