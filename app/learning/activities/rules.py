"""Pure rules of what a participant writes on an activity: its type, its lock (BR-03) and its day."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity
from app.platform.errors import Reason
from app.progress.schemas import ActivityProgress, State

ATTEMPTS = 2
"""Number of attempts at a summative assessment; more need the coordinator."""

TRACES = 20
"""Number of traces of one activity: nobody judges them, and a plan or a file of pieces is deposited as it grows."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the server a device's clock may be."""


@dataclass(frozen=True, slots=True)
class ActivityContext:
    """An activity with its progress, the start of the cohort and the current day.

    ``takes_trace`` says whether its page asks to deposit work that nobody judges, ``is_extract`` that what is handed in
    is an extract that a member of a codevelopment group chose.
    """

    activity: Activity
    progress: ActivityProgress
    starts_on: date
    today: date
    takes_trace: bool = False
    is_extract: bool = False

    @property
    def most_hand_ins(self) -> int:
        """Number of hand-ins that it takes: attempts at an assessment, traces where its page asks for one, or none.

        Codevelopment takes extracts and nothing else, and no other activity takes one.
        """
        if self.is_extract:
            return TRACES if self.activity.type is ActivityType.codev else 0
        if self.activity.is_assessment:
            return ATTEMPTS
        return TRACES if self.takes_trace else 0


def type_reasons(context: ActivityContext, expected: ActivityType, code: str) -> list[Reason]:
    """Return reason ``code`` when the activity is of another type."""
    if context.activity.type is expected:
        return []
    return [Reason(code, {"activity": context.activity.code}, "activity_code")]


def locked_reasons(context: ActivityContext) -> list[Reason]:
    """Return why a locked activity is refused: the prerequisite modules come first (BR-03)."""
    if context.progress.state is not State.LOCKED:
        return []
    modules = ", ".join(str(why.params["module"]) for why in context.progress.why)
    return [Reason("activity_locked", {"activity": context.activity.code, "modules": modules}, "activity_code")]


def day_reasons(context: ActivityContext, day: date, field: str) -> list[Reason]:
    """Return why a day is refused: in the future, or before the cohort's start."""
    if day > context.today:
        return [Reason("date_in_the_future", field=field)]
    if day < context.starts_on:
        return [Reason("before_the_start", {"starts_on": context.starts_on.isoformat()}, field)]
    return []


def completion_reasons(context: ActivityContext, *, done: bool, done_on: date) -> list[Reason]:
    """Return why an activity may not be marked done; marking it not done only needs one done alone."""
    reasons = type_reasons(context, ActivityType.self_study, "not_self_study")
    if reasons or not done:
        return reasons
    return locked_reasons(context) + day_reasons(context, done_on, "done_on")
