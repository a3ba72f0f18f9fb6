"""Pure rules of field hours: declared and accepted within the plan of the activity (BR-06)."""

from datetime import date

from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity
from app.learning.activities.rules import ActivityContext, day_reasons, locked_reasons, type_reasons
from app.platform.errors import Reason


def hours_reasons(context: ActivityContext, *, minutes: int, worked_on: date, counted: int) -> list[Reason]:
    """Return why hours may not be declared; ``counted`` is the minutes accepted or pending already (BR-06)."""
    reasons = type_reasons(context, ActivityType.field_mandate, "not_a_field_activity")
    if reasons:
        return reasons
    reasons = locked_reasons(context) + day_reasons(context, worked_on, "worked_on")
    return reasons + _plan_reasons(context.activity, minutes, counted)


def _plan_reasons(activity: Activity, minutes: int, counted: int) -> list[Reason]:
    left = max(activity.minutes - counted, 0)
    if minutes <= left:
        return []
    return [Reason("hours_above_plan", {"planned_minutes": activity.minutes, "left_minutes": left}, "minutes")]


def countersign_reasons(
    activity: Activity, *, accepted: bool, reason: str | None, supersedes: bool, own: bool, minutes: int, counted: int
) -> list[Reason]:
    """Return why a countersignature is refused; ``counted`` is the minutes of the activity's other hours.

    Nobody countersigns their own hours; a refusal, or a decision that supersedes another, needs a reason; hours
    are accepted within the plan alone, also when a refusal is superseded (BR-06).
    """
    reasons = [Reason("own_hours")] if own else []
    if (supersedes or not accepted) and not reason:
        reasons.append(Reason("reason_needed", field="reason"))
    if accepted:
        reasons.extend(_plan_reasons(activity, minutes, counted))
    return reasons
