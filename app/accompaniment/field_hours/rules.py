"""Pure rules of field hours: in half-hours, under a mandate, within the plan of the activity (BR-06)."""

from collections.abc import Collection
from datetime import date

from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity
from app.learning.activities.rules import ActivityContext, day_reasons, locked_reasons, type_reasons
from app.platform.errors import Reason

HALF_HOUR = 30
MINUTES_A_DAY = 1440


def hours_reasons(context: ActivityContext, *, minutes: int, worked_on: date, counted: int) -> list[Reason]:
    """Return why hours may not be declared; ``counted`` is the minutes accepted or pending already (BR-06).

    They come in half-hours, unless they are all that the plan leaves.
    """
    reasons = type_reasons(context, ActivityType.field_mandate, "not_a_field_activity")
    if reasons:
        return reasons
    reasons = locked_reasons(context) + day_reasons(context, worked_on, "worked_on")
    return reasons + (_plan_reasons(context.activity, minutes, counted) or _step_reasons(context, minutes, counted))


def mandate_reasons(mandate_id: int | None, own: Collection[int]) -> list[Reason]:
    """Return why hours may not be declared under a mandate, or under none; ``own`` are those of the enrolment."""
    if mandate_id in own or (mandate_id is None and not own):
        return []
    return [Reason("mandate_needed" if mandate_id is None else "unknown_mandate", field="mandate_id")]


def minutes_left(activity: Activity, counted: int) -> int:
    """Return how many minutes of the plan are not declared yet."""
    return max(activity.minutes - counted, 0)


def choices_of_minutes(left: int) -> list[int]:
    """Return the durations that may be declared for one day: each half-hour up to what is left, and all of that."""
    choices = list(range(HALF_HOUR, min(left, MINUTES_A_DAY) + 1, HALF_HOUR))
    return [*choices, left] if left % HALF_HOUR and left < MINUTES_A_DAY else choices


def _plan_reasons(activity: Activity, minutes: int, counted: int) -> list[Reason]:
    left = minutes_left(activity, counted)
    if minutes <= left:
        return []
    return [Reason("hours_above_plan", {"planned_minutes": activity.minutes, "left_minutes": left}, "minutes")]


def _step_reasons(context: ActivityContext, minutes: int, counted: int) -> list[Reason]:
    if minutes % HALF_HOUR == 0 or minutes == minutes_left(context.activity, counted):
        return []
    return [Reason("hours_not_in_half_hours", field="minutes")]


def countersign_reasons(
    activity: Activity,
    *,
    accepted: bool,
    reason: str | None,
    supersedes: bool,
    own: bool,
    minutes: int,
    counted: int,
    declared: bool = False,
) -> list[Reason]:
    """Return why a countersignature is refused; ``counted`` is the minutes of the activity's other hours.

    Nobody countersigns their own hours, nor those that an interest they declared concerns (S6). A refusal, or a
    decision that supersedes another, needs a reason. Hours are accepted within the plan alone, also when a refusal is
    superseded (BR-06).
    """
    reasons = [Reason("own_hours")] if own else []
    if declared:
        reasons.append(Reason("interest_in_hours"))
    if (supersedes or not accepted) and not reason:
        reasons.append(Reason("reason_needed", field="reason"))
    if accepted:
        reasons.extend(_plan_reasons(activity, minutes, counted))
    return reasons
