"""What to do first: the few things that depend on the participant alone, by due date."""

from app.progress.schemas import Progress, State, Step

AT_MOST = 3

WITHIN_REACH = frozenset({"activity_to_do", "hand_in_missing", "catch_up_to_do", "field_hours_missing"})
"""What someone can do now; a session to come or a countersignature waits for others."""


def next_steps(progress: Progress) -> tuple[Step, ...]:
    """At most three open activities, those due first before the others, then in the path's order."""
    steps = (
        Step(activity_code=activity.code, module_code=module.code, due_on=module.due_on, why=activity.why[0])
        for module in progress.modules
        if module.state is State.OPEN
        for activity in module.activities
        if activity.state is State.OPEN and activity.why[0].code in WITHIN_REACH
    )
    return tuple(sorted(steps, key=lambda step: step.due_on)[:AT_MOST])
