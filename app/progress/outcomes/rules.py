"""The outcome of each activity, from its facts and what is carried to it (BR-06, BR-29); pure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, TypeVar

from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity, Curriculum
from app.progress.exemptions.rules import exempted_activities
from app.progress.facts import (
    ActivityDone,
    Attended,
    CarriedActivity,
    CarriedAttendance,
    CatchUpAssigned,
    CodevAttended,
    Credited,
    Fact,
    FieldTime,
    HandedIn,
    Judged,
    MandateDone,
    Recognised,
)
from app.progress.schemas import ActivityProgress, State, StoredReason

AnyFact = TypeVar("AnyFact")
ActivityFact = TypeVar(
    "ActivityFact",
    Attended,
    CatchUpAssigned,
    ActivityDone,
    HandedIn,
    FieldTime,
    CodevAttended,
    Credited,
    CarriedActivity,
)

ACTIVITY_FACTS = (
    Attended,
    CatchUpAssigned,
    ActivityDone,
    HandedIn,
    FieldTime,
    CodevAttended,
    Credited,
    CarriedActivity,
)
"""The types of ``ActivityFact``: those that name an activity."""


class FactIndex:
    """Facts by type, and by type and activity; the outcome of each activity is computed once."""

    def __init__(self, curriculum: Curriculum, facts: Iterable[Fact]) -> None:
        self.facts = tuple(facts)
        self.outcomes: dict[str, ActivityProgress] = {}
        self._by_type: dict[type, list[Any]] = defaultdict(list)
        self._by_activity: dict[tuple[type, str], list[Any]] = defaultdict(list)
        for fact in self.facts:
            self._by_type[type(fact)].append(fact)
            if isinstance(fact, ACTIVITY_FACTS):
                self._by_activity[type(fact), fact.activity_code].append(fact)
        self.recognised = competency_levels(self.of_type(Recognised))
        self.exempted = exempted_activities(curriculum, self.recognised)

    def of_type(self, kind: type[AnyFact]) -> list[AnyFact]:
        return self._by_type.get(kind, [])

    def of_activity(self, kind: type[ActivityFact], code: str) -> list[ActivityFact]:
        return self._by_activity.get((kind, code), [])


def competency_levels(judged: Iterable[Judged | Recognised]) -> dict[str, int]:
    """Return the highest level, judged or recognised, of each competency; a later lower one changes nothing (BR-12)."""
    levels: dict[str, int] = {}
    for fact in judged:
        levels[fact.competency_code] = max(fact.level, levels.get(fact.competency_code, 0))
    return levels


def day_of(fact: Fact) -> date | None:
    """Return the day that a fact is of; ``None`` for what is not done yet."""
    if isinstance(fact, CatchUpAssigned):
        return fact.done_on
    if isinstance(fact, MandateDone):
        return max((d for d in (fact.agreement_on, fact.diagnostic_on, fact.plan_on) if d is not None), default=None)
    return None if isinstance(fact, CarriedAttendance) else fact.on


def is_carried(activity: Activity, index: FactIndex) -> bool:
    """Return whether an activity is complete by what is carried to it, and not by a session of its own."""
    attended = any(f.minutes for f in index.of_activity(CodevAttended, activity.code))
    return not attended and any(f.complete for f in index.of_activity(Credited, activity.code))


def outcome_of(activity: Activity, index: FactIndex) -> ActivityProgress:
    """Return the outcome of one activity alone: the minutes recognised (BR-06) and what it still requires.

    An exemption gives no minutes, and takes none of what was followed (BR-29).
    """
    if activity.code not in index.outcomes:
        outcome, given = _outcome_by_type(activity, index), index.of_activity(Credited, activity.code)
        if given:
            outcome = _with_credits(activity, outcome, given)
        if carried := index.of_activity(CarriedActivity, activity.code):
            outcome = _with_carried(outcome, carried)
        if activity.code in index.exempted and outcome.state is not State.DONE:
            outcome = outcome.model_copy(update={"state": State.EXEMPTED, "why": ()})
        index.outcomes[activity.code] = outcome
    return index.outcomes[activity.code]


def _with_credits(activity: Activity, own: ActivityProgress, given: list[Credited]) -> ActivityProgress:
    """Return the outcome of an activity with what is carried to it."""
    minutes = own.recognised_minutes + sum(f.minutes for f in given)
    done_on = own.done_on or min((f.on for f in given if f.complete), default=None)
    return _activity_progress(activity, minutes, done_on, *own.why, waiting=own.state is State.WAITING)


def _with_carried(outcome: ActivityProgress, carried: list[CarriedActivity]) -> ActivityProgress:
    """Return an outcome with what a transfer carried of the activity (S3): hours stay within those planned (BR-06).

    The activity is done once something complete was carried, else as its own outcome says.
    """
    minutes = min(outcome.recognised_minutes + sum(f.minutes for f in carried), outcome.planned_minutes)
    days = [f.on for f in carried if f.complete and f.on is not None]
    done_on = min([*days, *([outcome.done_on] if outcome.done_on is not None else [])], default=None)
    added = {"recognised_minutes": minutes, "carried_minutes": minutes - outcome.recognised_minutes}
    if done_on is None:
        return outcome.model_copy(update=added)
    return outcome.model_copy(update={**added, "state": State.DONE, "done_on": done_on, "why": ()})


def _outcome_by_type(activity: Activity, index: FactIndex) -> ActivityProgress:
    if activity.type is ActivityType.codev:
        return _codev_outcome(activity, index)
    if activity.type is ActivityType.field_mandate:
        return _field_outcome(activity, index)
    if activity.is_group:
        return _group_outcome(activity, index)
    if activity.is_assessment:
        days = [f.on for f in index.of_activity(HandedIn, activity.code)]
        return _all_or_nothing_outcome(activity, min(days, default=None), "hand_in_missing")
    days = [f.on for f in index.of_activity(ActivityDone, activity.code)]
    return _all_or_nothing_outcome(activity, min(days, default=None), "activity_to_do")


def _activity_progress(
    activity: Activity, minutes: int, done_on: date | None, *reasons: StoredReason, waiting: bool = False
) -> ActivityProgress:
    state = State.DONE if done_on is not None else State.WAITING if waiting else State.OPEN
    return ActivityProgress(
        code=activity.code,
        state=state,
        planned_minutes=activity.minutes,
        recognised_minutes=min(minutes, activity.minutes),
        done_on=done_on,
        why=reasons if done_on is None else (),
    )


def _all_or_nothing_outcome(activity: Activity, done_on: date | None, missing: str) -> ActivityProgress:
    minutes = activity.minutes if done_on is not None else 0
    return _activity_progress(
        activity, minutes, done_on, StoredReason(code=missing, params={"activity": activity.code})
    )


def _group_outcome(activity: Activity, index: FactIndex) -> ActivityProgress:
    entries = index.of_activity(Attended, activity.code)
    assigned = index.of_activity(CatchUpAssigned, activity.code)
    made_up = [f for f in assigned if f.done_on is not None]
    minutes = sum(f.minutes for f in entries) + sum(f.minutes for f in made_up)
    days = [f.on for f in entries if f.minutes] + [f.done_on for f in made_up if f.done_on is not None]
    missing = "catch_up_to_do" if entries or assigned else "session_to_come"
    return _activity_progress(
        activity, minutes, min(days, default=None), StoredReason(code=missing, params={"activity": activity.code})
    )


def _codev_outcome(activity: Activity, index: FactIndex) -> ActivityProgress:
    entries = index.of_activity(CodevAttended, activity.code)
    days = [f.on for f in entries if f.minutes]
    missing = StoredReason(code="session_missed" if entries else "session_to_come", params={"activity": activity.code})
    return _activity_progress(activity, sum(f.minutes for f in entries), min(days, default=None), missing)


def _field_outcome(activity: Activity, index: FactIndex) -> ActivityProgress:
    declared = index.of_activity(FieldTime, activity.code)
    given = index.of_activity(Credited, activity.code)
    accepted = sum(f.minutes for f in declared if f.accepted)
    carried = index.of_activity(CarriedActivity, activity.code)
    enough = activity.minutes - sum(f.minutes for f in given) - sum(f.minutes for f in carried)
    pending = sum(f.minutes for f in declared if f.accepted is None)
    days = [*(f.on for f in declared if f.accepted), *(f.on for f in given)]
    done_on = max(days) if days and accepted >= enough else None
    missing = max(enough - accepted - pending, 0)
    reason = StoredReason(code="hours_to_countersign", params={"activity": activity.code})
    if missing:
        reason = StoredReason(
            code="field_hours_missing", params={"activity": activity.code, "missing_minutes": missing}
        )
    return _activity_progress(activity, accepted, done_on, reason, waiting=not missing)
