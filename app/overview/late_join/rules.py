"""Pure rules of late joining: which modules are passed, and what catches up each of their activities (S2)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.attendance.catch_ups.schemas import CatchUpShown
from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity, Curriculum, Module
from app.overview.late_join.enums import How
from app.overview.late_join.schemas import CodevLeft, PassedActivity, PassedModule
from app.progress.schemas import ModuleProgress, Progress, State

FIRST, EACH = timedelta(weeks=2), timedelta(weeks=1)
"""The time proposed to make up the first module, and each that follows."""

HOW: Mapping[ActivityType, How] = {
    ActivityType.codev: How.NEVER,
    ActivityType.field_mandate: How.FIELD,
    ActivityType.assessment: How.HAND_IN,
}
"""How an activity is caught up by its type, where no session of it was missed; others are done alone."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What someone missed and what was decided, by activity; the sessions to come; the sessions left of their group.

    ``codev_held`` holds the codevelopment activities of which their group has held a session; ``None`` without a group.
    """

    joined_on: date
    day: date
    ends_on: date
    missed: Mapping[str, date]
    decided: Mapping[str, CatchUpShown]
    coming: Mapping[str, date]
    codev_held: frozenset[str] | None


def passed_modules(curriculum: Curriculum, progress: Progress, at: Situation) -> tuple[PassedModule, ...]:
    """Return the modules that ended before the person joined, and those of which they missed a session, in order.

    A module of codevelopment is there as soon as fewer sessions are left than it has.
    """
    passed = []
    due_on = min(at.day + FIRST, at.ends_on)
    for module, state in zip(curriculum.modules, progress.modules, strict=True):
        codes = {a.code for a in module.activities}
        codev = _codev_left(module, progress, at)
        is_begun = codev is not None and codev.left < len(codes & _codev_activities(module))
        if state.due_on >= at.joined_on and not codes & (at.missed.keys() | at.decided.keys()) and not is_begun:
            continue
        activities = tuple(_activity(a, state, at, due_on) for a in module.activities)
        passed.append(
            PassedModule(
                code=module.code,
                title=module.title.text,
                due_on=state.due_on,
                activities=activities,
                codev=codev,
            )
        )
        if any(a.how is How.TO_DECIDE for a in activities):
            due_on = max(min(due_on + EACH, at.ends_on), at.day)
    return tuple(passed)


def _activity(activity: Activity, module: ModuleProgress, at: Situation, proposed: date) -> PassedActivity:
    how = _how(activity, module, at)
    decided = at.decided.get(activity.code)
    due_on = decided.due_on if decided is not None else max(proposed, at.day) if how is How.TO_DECIDE else None
    return PassedActivity(
        activity_code=activity.code,
        title=activity.title.text,
        minutes=activity.minutes,
        how=how,
        on=at.coming.get(activity.code) if how is How.SESSION_TO_COME else at.missed.get(activity.code),
        due_on=due_on,
        waived_because=decided.waived_because if decided is not None else None,
    )


def _how(activity: Activity, module: ModuleProgress, at: Situation) -> How:
    decided = at.decided.get(activity.code)
    state = next(a.state for a in module.activities if a.code == activity.code)
    if state in {State.DONE, State.EXEMPTED} or (decided is not None and decided.done_on is not None):
        return How.DONE
    if decided is not None:
        return How.WAIVED if decided.waived_because is not None else How.ASSIGNED
    if activity.code in at.missed:
        return How.TO_DECIDE
    if activity.type in HOW:
        return HOW[activity.type]
    return How.SESSION_TO_COME if activity.is_group else How.ALONE


def _codev_left(module: Module, progress: Progress, at: Situation) -> CodevLeft | None:
    """Return what a module's quorum still needs (BR-09); ``None`` where it has none, or enough were attended."""
    left = codev_left(module, progress.codev.sessions_attended, at.codev_held or ())
    if left is None or at.codev_held is not None:
        return left
    return CodevLeft(needed=left.needed, left=0, has_group=False)


def codev_left(module: Module, attended: int, held: Collection[str], *, has_group: bool = True) -> CodevLeft | None:
    """Return what a module's quorum needs beyond sessions attended, a group having held those; ``None``: nothing."""
    if module.codev_quorum is None:
        return None
    needed = module.codev_quorum.min_sessions_attended - attended
    left = len(_codev_activities(module) - set(held))
    return CodevLeft(needed=needed, left=left, has_group=has_group) if needed > 0 else None


def out_of_reach(
    curriculum: Curriculum, attended: int, group_id: int | None, held: Mapping[int, Collection[str]]
) -> CodevLeft | None:
    """Return what a person lacks of a quorum that they cannot meet any more (BR-09), if so.

    ``held`` are the activities that each group of their cohort has begun. Without a group, the one with the most left
    is looked at: they may be given a seat in it.
    """
    own = held.get(group_id) if group_id is not None else min(held.values(), key=len, default=())
    for module in curriculum.modules:
        left = codev_left(module, attended, own or (), has_group=group_id is not None)
        if left is not None and left.is_out_of_reach:
            return left
    return None


def _codev_activities(module: Module) -> set[str]:
    return {a.code for a in module.activities if a.type is ActivityType.codev}
