"""Pure rule of the attempts that a coordinator opens beyond the first two."""

from app.learning.activities.rules import ActivityContext
from app.platform.errors import Reason


def extra_attempt_reasons(context: ActivityContext, *, attempts: int, opened: int) -> list[Reason]:
    """Return why no attempt may be opened: the activity is no assessment, or an attempt at it is left."""
    if not context.activity.is_assessment:
        return [Reason("not_an_assessment", {"activity": context.activity.code}, "activity_code")]
    left = context.most_hand_ins + opened - attempts
    return [Reason("attempts_left", {"n": left}, "activity_code")] if left > 0 else []
