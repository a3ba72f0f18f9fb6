"""The next steps of a participant: the first activities, by due date, that depend on the participant alone."""

from app.progress.schemas import Progress, State, Step

MAX_STEPS = 3

WITHIN_REACH = frozenset({"activity_to_do", "hand_in_missing", "catch_up_to_do", "field_hours_missing"})
"""Reasons that the participant can act on now; a session to come or a countersignature depends on others."""


def next_steps(progress: Progress) -> tuple[Step, ...]:
    """Return at most ``MAX_STEPS`` open activities, by due date, then in the path's order."""
    steps = (
        Step(activity_code=activity.code, module_code=module.code, due_on=module.due_on, why=activity.why[0])
        for module in progress.modules
        if module.state is State.OPEN
        for activity in module.activities
        if activity.state is State.OPEN and activity.why[0].code in WITHIN_REACH
    )
    return tuple(sorted(steps, key=lambda step: step.due_on)[:MAX_STEPS])
