"""Pure rules of learning: what may be marked done, handed in or declared, and when it came.

Sources: BR-03, BR-06 (recognised hours), S1 (declared moment, grace).
"""

from datetime import date

from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity
from app.learning.activities.rules import Desk, day_reasons, locked_reasons, type_reasons
from app.platform.errors import Reason

# Field hours ------------------------------------------------------------------------------------


def hours_reasons(desk: Desk, *, minutes: int, worked_on: date, counted: int) -> list[Reason]:
    """Why hours may not be declared; ``counted`` is what is accepted or waiting already (BR-06)."""
    found = type_reasons(desk, ActivityType.field_mandate, "not_a_field_activity")
    if found:
        return found
    found = locked_reasons(desk) + day_reasons(desk, worked_on, "worked_on")
    return found + _plan_reasons(desk.activity, minutes, counted)


def _plan_reasons(activity: Activity, minutes: int, counted: int) -> list[Reason]:
    left = max(activity.minutes - counted, 0)
    if minutes <= left:
        return []
    return [Reason("hours_above_plan", {"planned_minutes": activity.minutes, "left_minutes": left}, "minutes")]


def countersign_reasons(
    activity: Activity, *, accepted: bool, reason: str | None, supersedes: bool, own: bool, minutes: int, counted: int
) -> list[Reason]:
    """Why hours may not be decided so; ``counted`` leaves these hours out.

    Nobody countersigns their own; a refusal or a change of mind says why; what refused hours left free and
    others took cannot be given twice (BR-06).
    """
    found = [Reason("own_hours")] if own else []
    if (supersedes or not accepted) and not reason:
        found.append(Reason("reason_needed", field="reason"))
    if accepted:
        found.extend(_plan_reasons(activity, minutes, counted))
    return found
