"""The one definition of progress: ``fold`` computes it from an enrolment's facts and its curriculum version.

Pure: no database session, no clock; the order of the facts changes nothing. Sources: BR-03, BR-06, BR-08,
BR-09, BR-12, BR-19, BR-29.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta

from app.curricula.enums import ActivityType, MandateKind
from app.curricula.mappings.rules import assessed, required_levels
from app.curricula.schemas import Activity, CertificateRule, Curriculum, Module
from app.progress.exemptions.rules import prior_minutes
from app.progress.facts import (
    Attended,
    Basis,
    CarriedActivity,
    CarriedAttendance,
    CatchUpAssigned,
    CodevAttended,
    CodevClient,
    Fact,
    Judged,
    MandateDone,
    Recognised,
)
from app.progress.outcomes.rules import FactIndex, competency_levels, day_of, is_carried, outcome_of
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


def fold(curriculum: Curriculum, basis: Basis, facts: Iterable[Fact]) -> Progress:
    """Return the progress that the facts amount to under this version of the path."""
    index = FactIndex(curriculum, facts)
    modules = _modules(curriculum, basis, index)
    attended, base = attendance(
        basis, index.of_type(Attended), index.of_type(CodevAttended), index.of_type(CatchUpAssigned), index.exempted
    )
    carried_attended = sum(f.attended_minutes for f in index.of_type(CarriedAttendance))
    carried_base = sum(f.base_minutes for f in index.of_type(CarriedAttendance))
    levels = competency_levels([*index.of_type(Judged), *index.of_type(Recognised)])
    thresholds = required_levels(curriculum)
    open_dues = [m.due_on for m in modules if m.state is not State.DONE]
    progress = Progress(
        curriculum_slug=curriculum.slug,
        curriculum_version=curriculum.version,
        planned_minutes=curriculum.minutes,
        recognised_minutes=sum(m.recognised_minutes for m in modules),
        prior_minutes=prior_minutes(modules, index.exempted),
        carried_minutes=sum(a.carried_minutes for m in modules for a in m.activities),
        attended_minutes=attended + carried_attended,
        attendance_base_minutes=base + carried_base,
        carried_attended_minutes=carried_attended,
        carried_base_minutes=carried_base,
        modules=modules,
        competencies=tuple(
            CompetencyProgress(
                code=c, level=levels.get(c), recognised_level=index.recognised.get(c), threshold=thresholds.get(c)
            )
            for c in sorted(thresholds.keys() | levels.keys() | assessed(curriculum))
        ),
        codev=CodevProgress(
            sessions_attended=sessions_attended(index.of_type(CodevAttended))
            + carried_sessions(index.of_type(CarriedActivity)),
            times_client=len(set(index.of_type(CodevClient))),
        ),
        mandates=_mandate_progress(index.of_type(MandateDone)),
        eligibility=(),
        next_due_on=min(open_dues, default=None),
        last_fact_on=max((d for f in index.facts if (d := day_of(f)) is not None), default=None),
    )
    eligible = tuple(_eligibility(rule, progress, index.of_type(MandateDone)) for rule in curriculum.certificates)
    return progress.model_copy(update={"eligibility": eligible})


# Modules and activities -------------------------------------------------------------------------


def _modules(curriculum: Curriculum, basis: Basis, index: FactIndex) -> tuple[ModuleProgress, ...]:
    """Return the progress of every module; a complete module opens those that require it (BR-03)."""
    done: dict[str, bool] = {}
    for module in curriculum.modules:
        _is_done(curriculum, module, index, done)
    return tuple(_module_progress(module, basis, index, done) for module in curriculum.modules)


def _is_done(curriculum: Curriculum, module: Module, index: FactIndex, done: dict[str, bool]) -> bool:
    """Return whether a module is complete with those before it, or exempted as a whole, whatever comes before."""
    if module.code not in done:
        complete_alone = not _module_reasons(module, index)
        done[module.code] = all(activity.code in index.exempted for activity in module.activities) or (
            complete_alone
            and all(_is_done(curriculum, curriculum.module(code), index, done) for code in module.prerequisites)
        )
    return done[module.code]


def _module_reasons(module: Module, index: FactIndex) -> list[StoredReason]:
    """Return what the module itself still requires: its quorum (BR-09), or each of its activities."""
    if module.codev_quorum is None:
        return [reason for activity in module.activities for reason in outcome_of(activity, index).why]
    codes = {a.code for a in module.activities}
    attended = sessions_attended(f for f in index.of_type(CodevAttended) if f.activity_code in codes)
    attended += carried_sessions(f for f in index.of_type(CarriedActivity) if f.activity_code in codes)
    attended += sum(is_carried(a, index) for a in module.activities if a.type is ActivityType.codev)
    turns = len(set(index.of_type(CodevClient)))
    reasons = []
    if attended < module.codev_quorum.min_sessions_attended:
        reasons.append(
            StoredReason(
                code="codev_sessions_missing", params={"n": module.codev_quorum.min_sessions_attended - attended}
            )
        )
    if turns < module.codev_quorum.min_times_client:
        reasons.append(
            StoredReason(code="codev_client_missing", params={"n": module.codev_quorum.min_times_client - turns})
        )
    other_activities = (a for a in module.activities if a.type is not ActivityType.codev)
    return reasons + [reason for activity in other_activities for reason in outcome_of(activity, index).why]


def due_on(module: Module, starts_on: date) -> date:
    """Return the day by which a module should be finished: the last one of its week of the cohort."""
    return starts_on + timedelta(weeks=module.week, days=-1)


def _module_progress(module: Module, basis: Basis, index: FactIndex, done: Mapping[str, bool]) -> ModuleProgress:
    locked_by = [code for code in module.prerequisites if not done[code]]
    activities = tuple(_activity_with_prerequisites(a, locked_by, index, done) for a in module.activities)
    state = State.DONE if done[module.code] else State.LOCKED if locked_by else State.OPEN
    reasons = [StoredReason(code="prerequisite_missing", params={"module": code}) for code in locked_by]
    reasons = [] if done[module.code] else reasons + _module_reasons(module, index)
    return ModuleProgress(
        code=module.code,
        state=state,
        due_on=due_on(module, basis.starts_on),
        planned_minutes=module.minutes,
        recognised_minutes=sum(a.recognised_minutes for a in activities),
        activities=activities,
        why=tuple(reasons),
    )


def _activity_with_prerequisites(
    activity: Activity, locked_by: list[str], index: FactIndex, done: Mapping[str, bool]
) -> ActivityProgress:
    outcome = outcome_of(activity, index)
    missing_modules = [*locked_by, *(code for code in activity.requires if not done[code] and code not in locked_by)]
    if outcome.state is State.OPEN and missing_modules:
        reasons = tuple(StoredReason(code="prerequisite_missing", params={"module": code}) for code in missing_modules)
        return outcome.model_copy(update={"state": State.LOCKED, "why": reasons})
    return outcome


# Attendance, codevelopment, mandates, competencies ----------------------------------------------


def attendance(
    basis: Basis,
    sessions: Iterable[Attended],
    codev: Iterable[CodevAttended],
    catch_ups: Iterable[CatchUpAssigned],
    exempted: Collection[str] = (),
) -> tuple[int, int]:
    """Return the minutes attended and their base (BR-08).

    The base is the planned minutes of closed group sessions since joining, plus the catch-ups assigned
    for earlier sessions. Making up a session missed after joining completes the activity and its hours,
    but the absence still counts. Of an exempted activity, only what was attended counts.
    """
    entries: list[Attended | CodevAttended] = [*sessions, *codev]
    entries = [f for f in entries if basis.joined_on is None or f.on >= basis.joined_on]
    held_since_joining = {f.activity_code for f in entries}
    earlier = [f for f in catch_ups if f.activity_code not in held_since_joining]
    before_joining = [f for f in earlier if f.activity_code not in exempted or f.done_on is not None]
    base = sum(f.minutes for f in before_joining) + sum(
        min(f.minutes, f.planned_minutes) if f.activity_code in exempted else f.planned_minutes for f in entries
    )
    attended = sum(min(f.minutes, f.planned_minutes) for f in entries)
    return attended + sum(f.minutes for f in before_joining if f.done_on is not None), base


def sessions_attended(codev: Iterable[CodevAttended]) -> int:
    """Return how many codevelopment sessions the person took part in."""
    return len({f.session_id for f in codev if f.minutes})


def carried_sessions(carried: Iterable[CarriedActivity]) -> int:
    """Return how many codevelopment sessions of earlier enrolments a transfer carried; their turns stay there (S3)."""
    return sum(f.sessions for f in carried)


def mandate_completed(mandate: MandateDone) -> bool:
    """Return whether a mandate is complete (BR-15).

    An accompaniment needs its agreement, diagnostic and plan; an orientation needs the first two.
    """
    is_diagnosed = mandate.agreement_on is not None and mandate.diagnostic_on is not None
    return is_diagnosed and (mandate.kind is MandateKind.orientation or mandate.plan_on is not None)


def _mandate_progress(mandates: list[MandateDone]) -> MandateProgress:
    completed = [m for m in mandates if mandate_completed(m)]
    return MandateProgress(
        open=len(mandates) - len(completed),
        completed=len(completed),
        enterprises=len({m.enterprise_id for m in completed}),
    )


# Eligibility ------------------------------------------------------------------------------------


def _eligibility(rule: CertificateRule, progress: Progress, mandates: list[MandateDone]) -> Eligibility:
    reasons = [*_hours_reasons(rule, progress), *_incomplete_modules(rule, progress), *_level_reasons(rule, progress)]
    if rule.mandates is not None:
        completed = [m for m in mandates if m.kind is rule.mandates.kind and mandate_completed(m)]
        if len(completed) < rule.mandates.min_completed:
            reasons.append(
                StoredReason(code="mandates_missing", params={"n": rule.mandates.min_completed - len(completed)})
            )
        enterprises = len({m.enterprise_id for m in completed})
        if enterprises < rule.mandates.min_distinct_enterprises:
            missing = rule.mandates.min_distinct_enterprises - enterprises
            reasons.append(StoredReason(code="enterprises_missing", params={"n": missing}))
    return Eligibility(kind=rule.kind, eligible=not reasons, why=tuple(reasons))


def _hours_reasons(rule: CertificateRule, progress: Progress) -> list[StoredReason]:
    reasons = []
    pct = progress.attendance_pct
    if rule.min_attendance_pct and (pct is None or pct < rule.min_attendance_pct):
        reasons.append(StoredReason(code="attendance_low", params={"pct": pct or 0, "needed": rule.min_attendance_pct}))
    needed = -(-(progress.planned_minutes - progress.prior_minutes) * rule.min_hours_pct // 100)
    if progress.recognised_minutes < needed:
        params = {"recognised_minutes": progress.recognised_minutes, "needed_minutes": needed}
        reasons.append(StoredReason(code="hours_low", params=params))
    return reasons


def _incomplete_modules(rule: CertificateRule, progress: Progress) -> list[StoredReason]:
    if not rule.all_modules:
        return []
    return [
        StoredReason(code="module_incomplete", params={"module": m.code})
        for m in progress.modules
        if m.state is not State.DONE
    ]


def _level_reasons(rule: CertificateRule, progress: Progress) -> list[StoredReason]:
    levels = {c.code: c.level or 0 for c in progress.competencies}
    return [
        StoredReason(
            code="competency_below", params={"competency": code, "level": levels.get(code, 0), "needed": needed}
        )
        for code, needed in sorted(rule.thresholds.items())
        if levels.get(code, 0) < needed
    ]
