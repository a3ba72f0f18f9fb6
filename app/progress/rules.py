"""The fold: an enrolment's facts and its curriculum version make a ``Progress``. The one definition.

Pure: no session, no clock; the order of the facts changes nothing. Sources: BR-03, BR-06, BR-08,
BR-09, BR-12, BR-19.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

from app.curricula.enums import ActivityType, MandateKind
from app.curricula.schemas import Activity, CertificateRule, Curriculum, Module
from app.progress.facts import (
    ActivityDone,
    Attended,
    Basis,
    CatchUpAssigned,
    CodevAttended,
    CodevClient,
    Fact,
    FieldTime,
    HandedIn,
    Judged,
    MandateDone,
)
from app.progress.schemas import (
    ActivityProgress,
    CodevProgress,
    CompetencyProgress,
    Eligibility,
    MandateProgress,
    ModuleProgress,
    Progress,
    State,
    StoredReason,
)

AnyFact = TypeVar("AnyFact")
ActivityFact = TypeVar("ActivityFact", Attended, CatchUpAssigned, ActivityDone, HandedIn, FieldTime, CodevAttended)

LATE_BY = timedelta(days=14)
"""An enrolment whose next due date is older than this is at risk (shown, never stored)."""


class _Heap:
    """Facts by type, and by type and activity; what each activity comes to is worked out once."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.facts = tuple(facts)
        self.outcomes: dict[str, ActivityProgress] = {}
        self._of: dict[type, list[Any]] = defaultdict(list)
        self._about: dict[tuple[type, str], list[Any]] = defaultdict(list)
        for fact in self.facts:
            self._of[type(fact)].append(fact)
            if hasattr(fact, "activity_code"):
                self._about[type(fact), fact.activity_code].append(fact)

    def of(self, kind: type[AnyFact]) -> list[AnyFact]:
        return self._of.get(kind, [])

    def about(self, kind: type[ActivityFact], code: str) -> list[ActivityFact]:
        return self._about.get((kind, code), [])


def fold(curriculum: Curriculum, basis: Basis, facts: Iterable[Fact]) -> Progress:
    """What the facts amount to under this version of the path."""
    heap = _Heap(facts)
    modules = _modules(curriculum, basis, heap)
    attended, base = attendance(basis, heap.of(Attended), heap.of(CodevAttended), heap.of(CatchUpAssigned))
    levels = competency_levels(heap.of(Judged))
    thresholds = _thresholds(curriculum)
    open_dues = [m.due_on for m in modules if m.state is not State.DONE]
    before = Progress(
        curriculum_slug=curriculum.slug,
        curriculum_version=curriculum.version,
        planned_minutes=curriculum.minutes,
        recognised_minutes=sum(m.recognised_minutes for m in modules),
        attended_minutes=attended,
        attendance_base_minutes=base,
        modules=modules,
        competencies=tuple(
            CompetencyProgress(code=c, level=levels.get(c), threshold=thresholds.get(c))
            for c in sorted(thresholds.keys() | levels.keys() | _assessed(curriculum))
        ),
        codev=CodevProgress(
            sessions_attended=sessions_attended(heap.of(CodevAttended)), times_client=len(set(heap.of(CodevClient)))
        ),
        mandates=_mandate_progress(heap.of(MandateDone)),
        eligibility=(),
        next_due_on=min(open_dues, default=None),
        last_fact_on=max((d for f in heap.facts if (d := _dated(f)) is not None), default=None),
    )
    eligible = tuple(_eligibility(rule, before, heap.of(MandateDone)) for rule in curriculum.certificates)
    return before.model_copy(update={"eligibility": eligible})


def _dated(fact: Fact) -> date | None:
    if isinstance(fact, CatchUpAssigned):
        return fact.done_on
    if isinstance(fact, MandateDone):
        return max((d for d in (fact.agreement_on, fact.diagnostic_on, fact.plan_on) if d is not None), default=None)
    return fact.on


def _thresholds(curriculum: Curriculum) -> dict[str, int]:
    found: dict[str, int] = {}
    for rule in curriculum.certificates:
        for code, level in rule.thresholds.items():
            found[code] = max(level, found.get(code, 0))
    return found


def _assessed(curriculum: Curriculum) -> set[str]:
    return {target.competency for module in curriculum.modules for target in module.assesses}


# Modules and activities -------------------------------------------------------------------------


def _modules(curriculum: Curriculum, basis: Basis, heap: _Heap) -> tuple[ModuleProgress, ...]:
    """All modules, each after its prerequisites: what is complete opens what follows (BR-03)."""
    done: dict[str, bool] = {}
    for module in curriculum.modules:
        _is_done(curriculum, module, heap, done)
    return tuple(_module(module, basis, heap, done) for module in curriculum.modules)


def _is_done(curriculum: Curriculum, module: Module, heap: _Heap, done: dict[str, bool]) -> bool:
    if module.code not in done:
        own = not _module_missing(module, heap)
        done[module.code] = own and all(
            _is_done(curriculum, curriculum.module(code), heap, done) for code in module.prerequisites
        )
    return done[module.code]


def _module_missing(module: Module, heap: _Heap) -> list[StoredReason]:
    """What the module itself still asks for: its quorum (BR-09), or each of its activities."""
    if module.codev_quorum is None:
        return [why for activity in module.activities for why in _outcome(activity, heap).why]
    codes = {a.code for a in module.activities}
    attended = sessions_attended(f for f in heap.of(CodevAttended) if f.activity_code in codes)
    turns = len(set(heap.of(CodevClient)))
    missing = []
    if attended < module.codev_quorum.min_sessions_attended:
        missing.append(
            StoredReason(
                code="codev_sessions_missing", params={"n": module.codev_quorum.min_sessions_attended - attended}
            )
        )
    if turns < module.codev_quorum.min_times_client:
        missing.append(
            StoredReason(code="codev_client_missing", params={"n": module.codev_quorum.min_times_client - turns})
        )
    others = (a for a in module.activities if a.type is not ActivityType.codev)
    return missing + [why for activity in others for why in _outcome(activity, heap).why]


def due_on(module: Module, starts_on: date) -> date:
    """The last day of the cohort's week by whose end a module should be finished."""
    return starts_on + timedelta(weeks=module.week, days=-1)


def _module(module: Module, basis: Basis, heap: _Heap, done: Mapping[str, bool]) -> ModuleProgress:
    locked_by = [code for code in module.prerequisites if not done[code]]
    activities = tuple(_activity(a, locked_by, heap, done) for a in module.activities)
    state = State.DONE if done[module.code] else State.LOCKED if locked_by else State.OPEN
    why = [StoredReason(code="prerequisite_missing", params={"module": code}) for code in locked_by]
    return ModuleProgress(
        code=module.code,
        state=state,
        due_on=due_on(module, basis.starts_on),
        planned_minutes=module.minutes,
        recognised_minutes=sum(a.recognised_minutes for a in activities),
        activities=activities,
        why=tuple(why + _module_missing(module, heap)),
    )


def _activity(activity: Activity, locked_by: list[str], heap: _Heap, done: Mapping[str, bool]) -> ActivityProgress:
    found = _outcome(activity, heap)
    closed = [*locked_by, *(code for code in activity.requires if not done[code] and code not in locked_by)]
    if found.state is State.OPEN and closed:
        whys = tuple(StoredReason(code="prerequisite_missing", params={"module": code}) for code in closed)
        return found.model_copy(update={"state": State.LOCKED, "why": whys})
    return found


def _outcome(activity: Activity, heap: _Heap) -> ActivityProgress:
    """One activity alone: minutes recognised (BR-06) and what it still asks for."""
    if activity.code not in heap.outcomes:
        heap.outcomes[activity.code] = _by_kind(activity, heap)
    return heap.outcomes[activity.code]


def _by_kind(activity: Activity, heap: _Heap) -> ActivityProgress:
    if activity.type is ActivityType.codev:
        return _codev(activity, heap)
    if activity.type is ActivityType.field_mandate:
        return _field(activity, heap)
    if activity.is_group:
        return _group(activity, heap)
    if activity.type is ActivityType.assessment:
        days = [f.on for f in heap.about(HandedIn, activity.code)]
        return _all_or_nothing(activity, min(days, default=None), "hand_in_missing")
    days = [f.on for f in heap.about(ActivityDone, activity.code)]
    return _all_or_nothing(activity, min(days, default=None), "activity_to_do")


def _result(
    activity: Activity, minutes: int, done_on: date | None, *why: StoredReason, waiting: bool = False
) -> ActivityProgress:
    state = State.DONE if done_on is not None else State.WAITING if waiting else State.OPEN
    return ActivityProgress(
        code=activity.code,
        state=state,
        planned_minutes=activity.minutes,
        recognised_minutes=min(minutes, activity.minutes),
        done_on=done_on,
        why=why if done_on is None else (),
    )


def _all_or_nothing(activity: Activity, done_on: date | None, missing: str) -> ActivityProgress:
    minutes = activity.minutes if done_on is not None else 0
    return _result(activity, minutes, done_on, StoredReason(code=missing, params={"activity": activity.code}))


def _group(activity: Activity, heap: _Heap) -> ActivityProgress:
    entries = heap.about(Attended, activity.code)
    assigned = heap.about(CatchUpAssigned, activity.code)
    made_up = [f for f in assigned if f.done_on is not None]
    minutes = sum(f.minutes for f in entries) + sum(f.minutes for f in made_up)
    days = [f.on for f in entries if f.minutes] + [f.done_on for f in made_up if f.done_on is not None]
    missing = "catch_up_to_do" if entries or assigned else "session_to_come"
    return _result(
        activity, minutes, min(days, default=None), StoredReason(code=missing, params={"activity": activity.code})
    )


def _codev(activity: Activity, heap: _Heap) -> ActivityProgress:
    entries = heap.about(CodevAttended, activity.code)
    days = [f.on for f in entries if f.minutes]
    missing = StoredReason(code="session_missed" if entries else "session_to_come", params={"activity": activity.code})
    return _result(activity, sum(f.minutes for f in entries), min(days, default=None), missing)


def _field(activity: Activity, heap: _Heap) -> ActivityProgress:
    declared = heap.about(FieldTime, activity.code)
    accepted = sum(f.minutes for f in declared if f.accepted)
    pending = sum(f.minutes for f in declared if f.accepted is None)
    done_on = max(f.on for f in declared if f.accepted) if accepted >= activity.minutes else None
    missing = max(activity.minutes - accepted - pending, 0)
    why = StoredReason(code="hours_to_countersign", params={"activity": activity.code})
    if missing:
        why = StoredReason(code="field_hours_missing", params={"activity": activity.code, "missing_minutes": missing})
    return _result(activity, accepted, done_on, why, waiting=not missing)


# Attendance, codevelopment, mandates, competencies ----------------------------------------------


def attendance(
    basis: Basis,
    sessions: Iterable[Attended],
    codev: Iterable[CodevAttended],
    catch_ups: Iterable[CatchUpAssigned],
) -> tuple[int, int]:
    """Minutes attended and their base (BR-08).

    The base is the planned minutes of closed group sessions since joining, plus the catch-ups assigned
    for what took place before; making up a session missed after joining completes the activity and its
    hours, but the absence stays.
    """
    entries: list[Attended | CodevAttended] = [*sessions, *codev]
    entries = [f for f in entries if basis.joined_on is None or f.on >= basis.joined_on]
    met = {f.activity_code for f in entries}
    before = [f for f in catch_ups if f.activity_code not in met]
    base = sum(f.planned_minutes for f in entries) + sum(f.minutes for f in before)
    attended = sum(min(f.minutes, f.planned_minutes) for f in entries)
    return attended + sum(f.minutes for f in before if f.done_on is not None), base


def sessions_attended(codev: Iterable[CodevAttended]) -> int:
    """How many codevelopment sessions someone took part in."""
    return len({f.session_id for f in codev if f.minutes})


def competency_levels(judged: Iterable[Judged]) -> dict[str, int]:
    """The highest validated level of each competency: a later lower one changes nothing (BR-12)."""
    levels: dict[str, int] = {}
    for fact in judged:
        levels[fact.competency_code] = max(fact.level, levels.get(fact.competency_code, 0))
    return levels


def mandate_completed(mandate: MandateDone) -> bool:
    """An accompaniment is complete with its three facts, an orientation with agreement and diagnostic."""
    both = mandate.agreement_on is not None and mandate.diagnostic_on is not None
    return both and (mandate.kind is MandateKind.orientation or mandate.plan_on is not None)


def _mandate_progress(mandates: list[MandateDone]) -> MandateProgress:
    completed = [m for m in mandates if mandate_completed(m)]
    return MandateProgress(
        open=len(mandates) - len(completed),
        completed=len(completed),
        enterprises=len({m.enterprise_id for m in completed}),
    )


# Eligibility ------------------------------------------------------------------------------------


def _eligibility(rule: CertificateRule, progress: Progress, mandates: list[MandateDone]) -> Eligibility:
    why = [*_hours_why(rule, progress), *_modules_why(rule, progress), *_levels_why(rule, progress)]
    if rule.mandates is not None:
        done = [m for m in mandates if m.kind is rule.mandates.kind and mandate_completed(m)]
        if len(done) < rule.mandates.min_completed:
            why.append(StoredReason(code="mandates_missing", params={"n": rule.mandates.min_completed - len(done)}))
        enterprises = len({m.enterprise_id for m in done})
        if enterprises < rule.mandates.min_distinct_enterprises:
            missing = rule.mandates.min_distinct_enterprises - enterprises
            why.append(StoredReason(code="enterprises_missing", params={"n": missing}))
    return Eligibility(kind=rule.kind, eligible=not why, why=tuple(why))


def _hours_why(rule: CertificateRule, progress: Progress) -> list[StoredReason]:
    why = []
    pct = progress.attendance_pct
    if rule.min_attendance_pct and (pct is None or pct < rule.min_attendance_pct):
        why.append(StoredReason(code="attendance_low", params={"pct": pct or 0, "needed": rule.min_attendance_pct}))
    needed = -(-progress.planned_minutes * rule.min_hours_pct // 100)
    if progress.recognised_minutes < needed:
        params = {"recognised_minutes": progress.recognised_minutes, "needed_minutes": needed}
        why.append(StoredReason(code="hours_low", params=params))
    return why


def _modules_why(rule: CertificateRule, progress: Progress) -> list[StoredReason]:
    if not rule.all_modules:
        return []
    return [
        StoredReason(code="module_incomplete", params={"module": m.code})
        for m in progress.modules
        if m.state is not State.DONE
    ]


def _levels_why(rule: CertificateRule, progress: Progress) -> list[StoredReason]:
    levels = {c.code: c.level or 0 for c in progress.competencies}
    return [
        StoredReason(
            code="competency_below", params={"competency": code, "level": levels.get(code, 0), "needed": needed}
        )
        for code, needed in sorted(rule.thresholds.items())
        if levels.get(code, 0) < needed
    ]


# What depends on the day, derived at reading ----------------------------------------------------


def is_late(next_due_on: date | None, today: date) -> bool:
    """Whether something due is not done."""
    return next_due_on is not None and next_due_on < today


def risk_reasons(
    next_due_on: date | None, attended: int, base: int, today: date, *, min_attendance_pct: int = 80
) -> list[StoredReason]:
    """Why to call the person: late by more than two weeks, or attendance below what is needed."""
    found = []
    if next_due_on is not None and next_due_on < today - LATE_BY:
        found.append(
            StoredReason(
                code="long_late", params={"due_on": next_due_on.isoformat(), "days": (today - next_due_on).days}
            )
        )
    if base > 0 and attended * 100 < min_attendance_pct * base:
        found.append(
            StoredReason(code="attendance_low", params={"pct": attended * 100 // base, "needed": min_attendance_pct})
        )
    return found


def is_at_risk(
    next_due_on: date | None, attended: int, base: int, today: date, *, min_attendance_pct: int = 80
) -> bool:
    """Whether to call the person."""
    return bool(risk_reasons(next_due_on, attended, base, today, min_attendance_pct=min_attendance_pct))
